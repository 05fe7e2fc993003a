// A world for a whole fleet in a test: a clock that jumps to the next thing that happens, and a
// naive gateway that answers after a while and remembers each reading. It shares no code with the
// fleet.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "firmware-sim/common/ledger.h"
#include "firmware-sim/fleet/world.h"

namespace sluice::sim {

class FleetWorld final : public World {
 public:
  explicit FleetWorld(const std::vector<Protocol>& protocols) : protocols_(protocols) {}

  double answer_after_ms = 30;
  double late_ms = 0;             // the fleet gets to everything so much too late
  bool is_deaf = false;           // nothing is answered
  bool forgets_session = false;   // CONNACK without "session present"
  std::uint8_t coap_code = 0x44;  // 2.04

  // device, boot, seq -> the payloads that carried it
  std::map<std::tuple<std::string, std::uint64_t, std::uint64_t>, std::vector<std::string>>
      readings;
  std::vector<std::string> malformed;
  std::vector<std::tuple<double, Link>> arrivals;  // of reports
  std::uint64_t connects = 0;
  std::uint64_t repeats = 0;  // PUBLISH with DUP, or a CoAP message id once more
  std::set<Link> connected;

  double now_ms() const override { return now_; }
  std::int64_t wall_ms() const override {
    return 1'790'000'000'000 + static_cast<std::int64_t>(now_);
  }
  NodeSent send(Link link, std::span<const std::uint8_t> bytes) override;
  std::int32_t receive(Link link, std::span<std::uint8_t> room) override;
  void close(Link link) override;
  void wait(double until_ms, std::vector<Link>& ready) override;

 private:
  void take_coap(Link link, std::span<const std::uint8_t> bytes);
  void take_mqtt(Link link, std::span<const std::uint8_t> bytes);
  void take_report(Link link, std::string_view payload);
  void reply(Link link, std::vector<std::uint8_t> bytes);

  std::vector<Protocol> protocols_;
  double now_ = 0;
  std::multimap<double, std::pair<Link, std::vector<std::uint8_t>>> under_way_;
  std::map<Link, std::deque<std::vector<std::uint8_t>>> inbox_;
  std::map<Link, std::set<std::uint16_t>> message_ids_;
  std::set<Link> sessions_;
};

}  // namespace sluice::sim
