// MqttLink: one device's connection. Reports everything to an inbox as news; nothing blocks.
#pragma once

#include <mqtt/async_client.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "firmware-sim/fleet/backoff.h"
#include "firmware-sim/fleet/device.h"
#include "firmware-sim/fleet/run_clock.h"

namespace sluice::sim {

struct MqttNews {
  enum class What : std::uint8_t { connected, disconnected, delivered, failed };
  What what;
  std::size_t link;              // the position that the link was made with
  bool session_present = false;  // connected
  std::uint32_t ticket = 0;      // delivered, failed: as publish() was given
};

// From Paho's thread to the fleet's.
class MqttInbox {
 public:
  void put(const MqttNews& news);
  // Takes all news; waits up to `wait` for the first.
  std::deque<MqttNews> take(std::chrono::nanoseconds wait);

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<MqttNews> news_;  // guarded by mutex_
};

class MqttLink {
 public:
  enum class State : std::uint8_t {
    away,      // tries again at retry_at
    cleaning,  // the first connection of a run: makes the gateway forget an older run's session
    leaving,   // from that first connection
    connecting,
    connected,
  };

  MqttLink(std::size_t position, const std::string& server, Device device, std::uint64_t seed,
           bool keeps_session, MqttInbox& inbox);
  ~MqttLink();

  Device device;
  State state = State::away;
  RunClock::Offset retry_at{0};
  // Counts the sessions: a failure that was reported for an older one says nothing.
  std::uint32_t generation = 0;

  // The next connection attempt, when it is due.
  void connect_if_due(RunClock::Offset now);
  // What the inbox brought for this link.
  void on_connected(RunClock::Offset now, bool session_present);
  void on_disconnected(RunClock::Offset now);

  // False: Paho did not take it.
  bool publish(const std::string& payload, int qos, std::uint32_t ticket);
  void start_disconnect();

 private:
  // Paho reports the end of an action here, on its own thread.
  class Listener : public virtual mqtt::iaction_listener {
   public:
    Listener(MqttInbox& inbox, std::size_t link, MqttNews::What success, MqttNews::What failure)
        : inbox_(inbox), link_(link), success_(success), failure_(failure) {}
    void on_success(const mqtt::token& token) override { report(success_, token); }
    void on_failure(const mqtt::token& token) override { report(failure_, token); }

   private:
    void report(MqttNews::What what, const mqtt::token& token);
    MqttInbox& inbox_;
    std::size_t link_;
    MqttNews::What success_;
    MqttNews::What failure_;
  };

  void go_away(RunClock::Offset now);

  bool keeps_session_;
  bool was_cleaned_ = false;
  Backoff backoff_;
  Listener connection_;
  Listener departure_;
  Listener delivery_;
  mqtt::async_client client_;
};

}  // namespace sluice::sim
