// Faults: what goes wrong with a sensor, its power and its way to the gateway; all by the seed.
//
//   every packet        loss, duplicates, reorder (datagrams), cut (a connection), malformed
//   by episodes         offline, brown_out, stuck, drifting, flood:  ____/""\_______/"""\____
//   for a life          clock_skew, clock_drift_ppm
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/fields.h"
#include "core/clock.h"

namespace sluice::sim {

// On average each `every` something begins that lasts about `lasts`.
struct EpisodeSpec {
  Duration every{};
  Duration lasts{};
};
struct BrownOutSpec : EpisodeSpec {
  double keeps_ring = 1;  // share of them after which the ring's memory is still there
};
struct StuckSpec : EpisodeSpec {
  std::vector<double> at;  // one of these for each episode; none: the last good reading
};
struct DriftingSpec : EpisodeSpec {
  double per_hour = 0;  // the error grows by this from the episode's start
};
struct FloodSpec : EpisodeSpec {
  double factor = 20;  // so many times the readings
};

struct FaultsSpec {
  double loss = 0;        // CoAP: share of datagrams, each way
  double duplicates = 0;  // share of messages that are sent twice
  double reorder = 0;     // CoAP: share of datagrams that are held back ...
  Duration reorder_by = std::chrono::milliseconds(500);  // ... by up to this
  double cut = 0;              // MQTT: share of messages after which the connection breaks
  double malformed = 0;        // share of messages whose payload is not what it says it is
  Duration clock_skew{};       // each device's clock is off by up to this, either way
  double clock_drift_ppm = 0;  // and goes wrong by up to this
  std::optional<EpisodeSpec> offline;
  std::optional<BrownOutSpec> brown_out;
  std::optional<StuckSpec> stuck;
  std::optional<DriftingSpec> drifting;
  std::optional<FloodSpec> flood;
};

void describe(Fields<EpisodeSpec>& fields);
void describe(Fields<BrownOutSpec>& fields);
void describe(Fields<StuckSpec>& fields);
void describe(Fields<DriftingSpec>& fields);
void describe(Fields<FloodSpec>& fields);
void describe(Fields<FaultsSpec>& fields);

// Episodes of one fault of one device: pauses around `every`, exponentially spread as rare things
// are, then half to one and a half times `lasts`. Times are milliseconds of the fleet, asked for in
// order.
class Episodes {
 public:
  static constexpr double never = 1e18;

  Episodes() = default;  // there are none
  Episodes(const EpisodeSpec& spec, std::uint64_t seed, std::string_view purpose,
           std::uint32_t device);

  // Goes on to the next change if that is not after `now_ms`. False: nothing has changed.
  bool advance(double now_ms);
  // Goes on to `now_ms` and says whether an episode is under way then.
  bool is_on_at(double now_ms) {
    while (advance(now_ms)) {
    }
    return is_on_;
  }
  bool is_on() const { return is_on_; }
  std::uint64_t number() const { return number_; }  // of the present or the last one, from 1
  double began_ms() const { return began_ms_; }
  double next_change_ms() const { return next_change_ms_; }

 private:
  double every_ms_ = 0;
  double lasts_ms_ = 0;
  std::uint64_t seed_ = 0;
  std::uint64_t device_ = 0;
  std::uint64_t number_ = 0;
  double began_ms_ = 0;
  double next_change_ms_ = never;
  bool is_on_ = false;
};

template <typename Spec>
Episodes episodes_of(const std::optional<Spec>& spec, std::uint64_t seed, std::string_view purpose,
                     std::uint32_t device) {
  return spec ? Episodes(*spec, seed, purpose, device) : Episodes();
}

}  // namespace sluice::sim
