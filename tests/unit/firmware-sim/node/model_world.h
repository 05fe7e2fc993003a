// A world for one node, from a seed: a network that loses, repeats, delays and reorders, and a
// naive gateway behind it that remembers every reading it was sent. It shares no code with the
// node.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "firmware-sim/node/node.h"
#include "tests/sim/random.h"
#include "tests/unit/firmware-sim/node/report_reader.h"

namespace sluice {

using Bytes = std::string;

struct Weather {
  unsigned loss_percent = 0;
  unsigned repeat_percent = 0;
  std::uint64_t max_delay_ms = 50;
  unsigned refuse_percent = 0;    // 5.03, 4.04, RST
  unsigned separate_percent = 0;  // CoAP: empty ACK first
  unsigned cut_percent = 0;       // MQTT: the connection breaks at a packet
  unsigned forget_percent = 0;    // MQTT: the server has lost the session
};

// What the gateway has.
struct Received {
  std::map<ReadingId, std::vector<std::int32_t>> readings;
  // The largest number that was told with a reading of each boot.
  std::map<std::uint32_t, std::uint32_t> dropped;
};

class ModelWorld {
 public:
  ModelWorld(std::uint64_t seed, NodeFormat format, std::vector<std::string> channels)
      : random(seed), format_(format), channels_(std::move(channels)) {}
  virtual ~ModelWorld() = default;

  // The node's five functions on this world.
  NodePort port();
  // When something arrives at either side; UINT64_MAX: nothing is under way.
  std::uint64_t next_event_ms() const;
  // The gateway's turn at `now_ms`.
  virtual void run() = 0;
  // A reset of the device breaks what only lives in the device and the network.
  virtual void device_was_reset() = 0;

  std::uint64_t now_ms = 1;
  std::uint64_t device_offset_ms = 0;  // the device's clock starts anew at each reset
  sim::Random random;
  Weather weather;
  Received received;
  std::size_t violations = 0;  // of the protocol, by the node; each is a failure as well

 protected:
  virtual NodeSent send(Bytes bytes) = 0;
  virtual std::int32_t receive(std::uint8_t* bytes, std::size_t room) = 0;
  void take_report(std::string_view payload);
  void expect(bool is_right, const char* what);
  std::uint64_t delay() { return now_ms + random.between(0, weather.max_delay_ms); }

  std::multimap<std::uint64_t, Bytes> to_gateway_;
  std::multimap<std::uint64_t, Bytes> to_device_;

 private:
  const NodeFormat format_;
  const std::vector<std::string> channels_;
  std::optional<Bytes> saved_;
};

// Datagrams.
class CoapWorld final : public ModelWorld {
 public:
  using ModelWorld::ModelWorld;
  void run() override;
  void device_was_reset() override {}

 private:
  NodeSent send(Bytes bytes) override;
  std::int32_t receive(std::uint8_t* bytes, std::size_t room) override;
  void transmit(std::multimap<std::uint64_t, Bytes>& way, const Bytes& bytes);
  void take_datagram(const Bytes& bytes);
  void answer_request(const Bytes& bytes);
  // Of a request's message id and token; to a repeat the same again.
  std::map<Bytes, std::vector<Bytes>> answers_;
  std::map<Bytes, Bytes> requests_;  // the bytes of each, to see that a repeat is one
  std::uint16_t message_id_ = 100;
};

// A stream that breaks.
class MqttWorld final : public ModelWorld {
 public:
  using ModelWorld::ModelWorld;
  void run() override;
  void device_was_reset() override;

 private:
  NodeSent send(Bytes bytes) override;
  std::int32_t receive(std::uint8_t* bytes, std::size_t room) override;
  void cut();
  void take_packet(const Bytes& packet);
  void take_publish(const Bytes& packet);
  void reply(const Bytes& bytes);

  bool is_connected_ = false;
  bool has_ended_ = false;  // and the device has not seen it yet
  bool is_agreed_ = false;  // CONNACK was sent over this connection
  bool has_session_ = false;
  bool told_session_ = false;
  std::uint64_t last_arrival_ms_ = 0;  // a stream keeps its order
  std::uint64_t last_departure_ms_ = 0;
  std::map<std::uint16_t, Bytes> unacknowledged_;  // by the device's knowledge: PUBACK not received
  std::optional<std::uint16_t> puback_under_way_;
  std::set<std::uint16_t> sent_here_;  // packet ids over this connection
};

}  // namespace sluice
