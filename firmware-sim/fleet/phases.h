// Phases: the course of a run. A ramp up, a storm, an outage, each for a while, one after the
// other.
//
//   readings a second   ____/"""""|#########|"""""""""|____
//                       ramp up    rate = 10  offline = 1
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "config/fields.h"
#include "core/clock.h"

namespace sluice::sim {

struct PhaseSpec {
  std::string name;
  Duration lasts{};
  double rate = 1;     // so many times the readings
  bool ramp = false;   // the devices are switched on one after the other; the first phase only
  double offline = 0;  // share of the devices that have no network
};
void describe(Fields<PhaseSpec>& fields);

// Times are milliseconds since the run's start.
class Phases {
 public:
  // Without a ramp the fleet is there at once, but no switch turns on ten thousand devices in one
  // instant.
  static constexpr double start_within_ms = 1000;

  explicit Phases(const std::vector<PhaseSpec>& specs);

  double end_ms() const { return ends_ms_.back(); }
  std::size_t count() const { return specs_.size(); }
  // The phase at a time; at the end and after it the last one.
  std::size_t at(double now_ms) const;
  const PhaseSpec& phase(std::size_t index) const { return specs_[index]; }
  double begin_ms(std::size_t index) const { return index == 0 ? 0 : ends_ms_[index - 1]; }
  double end_ms(std::size_t index) const { return ends_ms_[index]; }

  // When a device is switched on. `draw` is its own number in [0, 1).
  double switch_on_ms(double draw) const;

 private:
  std::vector<PhaseSpec> specs_;  // at least one
  std::vector<double> ends_ms_;
};

}  // namespace sluice::sim
