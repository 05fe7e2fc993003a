// Devices: sensors that store and forward. What was not acknowledged is sent again after each
// connection, in order; they live through every crash of the box and keep their own account.
//
//   measure() -> waiting -> in flight --message--> DeviceSource ... settle(receipt)
//                              '<--- acknowledgement, unless the connection ended ---'
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <vector>

#include "drivers/message.h"
#include "drivers/source.h"
#include "tests/sim/sim_clock.h"

namespace sluice::sim {

// How the engine can tell that a message is a repeat (design: no committed event enters twice).
enum class Proof : std::uint8_t {
  marked,    // MQTT QoS 1: packet id and the mark of a repeat; the event brings its own time
  own_id,    // the payload carries an id; nothing else is said
  exchange,  // CoAP: message id and token
};

class Device {
 public:
  Device(std::string name, Proof proof) : name_(std::move(name)), proof_(proof) {}

  // One more reading, stamped `now`; a bad one is no JSON. Not sent yet.
  void measure(Timestamp now, std::uint64_t value, bool is_bad);
  // The connection is lost, and there is a new one: all that is unacknowledged will be sent again.
  void reconnect();
  // The next message on this connection, or nullptr: none waits, or too many are in flight. It is
  // valid until the next call of any function.
  const Message* next_to_send(Timestamp now);
  // The acknowledgement of `seq`, of the connection that was number `connection`, has come.
  void acknowledge(std::uint64_t seq, std::uint64_t connection);

  const std::string& name() const { return name_; }
  std::uint64_t connection() const { return connection_; }
  std::uint64_t last_sent() const { return last_sent_; }
  bool has_unacknowledged() const { return !unacknowledged_.empty(); }
  // Sequences of readings that the box said it has; bad ones apart.
  const std::set<std::uint64_t>& acknowledged() const { return acknowledged_; }
  const std::set<std::string>& acknowledged_bad() const { return acknowledged_bad_; }

 private:
  struct Reading {
    std::uint64_t seq;
    std::string payload;
    std::string token;
    bool is_bad;
    bool was_sent;
  };
  void account_for(const Reading& reading);

  const std::string name_;
  const Proof proof_;
  std::deque<Reading> unacknowledged_;  // oldest first
  std::size_t in_flight_ = 0;           // of those, sent on this connection
  std::uint64_t next_seq_ = 1;
  std::uint64_t last_sent_ = 0;
  std::uint64_t connection_ = 1;
  Message message_;
  std::set<std::uint64_t> acknowledged_;
  std::set<std::string> acknowledged_bad_;  // payloads
};

// The source of one life of the box: takes messages of its devices, and acknowledges them as the
// engine settles.
class DeviceSource final : public Source {
 public:
  DeviceSource(std::vector<Device*> devices, Intake& intake, const SimClock& clock)
      : devices_(std::move(devices)), intake_(intake), clock_(clock) {}

  // Reads up to `max_messages` from one device, unless the engine holds us back.
  void read_from(std::size_t device, std::size_t max_messages);
  // Up to `count` acknowledgements reach their devices.
  void deliver_acknowledgements(std::size_t count);

  Result<void> start(const SavedState&) override { return {}; }
  void settle(Receipt receipt, Outcome outcome) override;
  void resume() override { is_held_back_ = false; }
  void pause() override { is_held_back_ = true; }
  void stop_intake() override { is_stopped_ = true; }
  SourceStatus status() const override { return {}; }

 private:
  struct Pending {
    Receipt receipt;
    Device* device;
    std::uint64_t seq;
    std::uint64_t connection;
  };

  const std::vector<Device*> devices_;
  Intake& intake_;
  const SimClock& clock_;
  MessageBatch batch_;
  std::deque<Pending> offered_;  // not settled yet, by receipt
  std::deque<Pending> in_air_;   // settled; the acknowledgement is on its way
  std::uint64_t last_receipt_ = 0;
  bool is_held_back_ = false;  // until resume()
  bool is_stopped_ = false;
};

}  // namespace sluice::sim
