// Signal: what one channel of one sensor reads, reading by reading. A sum of parts, each of which a
// fleet file names or leaves out:
//
//   base + spread (of the device) + ramp + sine + season + steps + walk + noise + spikes,
//   or a column of a recording,   then  min..max, rounded to `decimals`
//
// The n-th reading at the fleet's time t is a function of seed, device and n: a run can be made
// again whatever the network does. Only the walk remembers something, so readings are asked for in
// order.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "core/clock.h"

namespace sluice::sim {

struct RampSpec {
  double by = 0;  // in each `per`
  Duration per = std::chrono::hours(1);
};
struct SineSpec {
  double swing = 0;  // half the way from trough to crest
  Duration period = std::chrono::hours(24);
  std::optional<double> phase;  // at the start, in periods; left out: each device has its own
};
struct WalkSpec {
  double step = 0;   // the most that one reading differs from the last
  double bound = 0;  // the walk turns round this far from its start
};
struct StepSpec {
  Duration at{};  // since the run's start
  double by = 0;
};
struct SpikesSpec {
  double share = 0;  // of the readings begin a spike; it halves with each reading after
  double height = 0;
};

struct SignalSpec {
  std::string unit;
  double base = 0;
  double spread = 0;  // devices differ by up to this, either way
  std::optional<RampSpec> ramp;
  std::optional<SineSpec> sine;
  std::optional<SineSpec> season;
  std::optional<WalkSpec> walk;
  std::vector<StepSpec> steps;
  double noise = 0;  // bell-shaped, never more than this
  std::optional<SpikesSpec> spikes;
  std::string column;  // of the kind's recording, in place of all of the above
  std::optional<double> min;
  std::optional<double> max;
  int decimals = 2;
  double deadband = 0;  // a reading that differs by less is not sent
  // What the gateway's filter drops, for the account: readings at or beyond these.
  std::optional<double> filtered_below;
  std::optional<double> filtered_above;
};

void describe(Fields<RampSpec>& fields);
void describe(Fields<SineSpec>& fields);
void describe(Fields<WalkSpec>& fields);
void describe(Fields<StepSpec>& fields);
void describe(Fields<SpikesSpec>& fields);
void describe(Fields<SignalSpec>& fields);

class Signal {
 public:
  // `spec` is lent. `channel` tells the signals of one device apart.
  Signal(const SignalSpec& spec, std::uint64_t seed, std::uint32_t device, std::uint32_t channel);

  // The reading with number `n` (0, 1, 2 ... in order), `seconds` after the run's start.
  double at(std::uint64_t n, double seconds);

  // Inside min..max and rounded: what a sensor can say at all.
  static double limited(const SignalSpec& spec, double value);
  // True when the gateway's filter is expected to drop it.
  static bool is_filtered(const SignalSpec& spec, double value);

 private:
  double random(const char* purpose, std::uint64_t n = 0) const;  // in [0, 1)
  double wave(const std::optional<SineSpec>& sine, double own_phase, double seconds) const;
  double walked(std::uint64_t n);
  double noise(std::uint64_t n) const;
  double spiked(std::uint64_t n) const;

  const SignalSpec* spec_;
  std::uint64_t seed_;
  std::uint64_t place_;  // of device and channel
  double offset_;        // by the spread
  double sine_phase_;
  double season_phase_;
  double walk_ = 0;
};

}  // namespace sluice::sim
