// Sensor: when one device measures and what it reads, right or wrong. A function of seed and
// device; the network has no say.
//
//   interval / (phase rate x flood), or a recording's stamps  -> next_ms()
//   signals or a recording's row, stuck or drifting           -> measure()
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "firmware-sim/fleet/faults.h"
#include "firmware-sim/fleet/kind.h"
#include "firmware-sim/fleet/signal.h"

namespace sluice::sim {

class Sensor {
 public:
  using Values = std::array<std::int32_t, node_max_channels>;  // thousandths

  // `kind` is lent; `device` is its index in the whole fleet.
  Sensor(const Kind& kind, std::uint32_t device);

  // Fleet time of the next reading; Episodes::never when a recording is over.
  double next_ms() const { return next_ms_; }
  // Takes the reading that is due at next_ms(), and plans the next.
  Values measure();

  // Switched on at `now_ms`: the rhythm begins anew, what a recording has passed is left out.
  void wake(double now_ms);
  // From `now_ms` on it measures so often: so many times as the interval says, and another
  // interval.
  void set_rate(double now_ms, double rate);
  void set_interval(double now_ms, double interval_ms);

  // A flood begins or ends at this time; advance_flood() takes notice.
  double next_flood_ms() const { return flood_.next_change_ms(); }
  void advance_flood(double now_ms);

 private:
  double pause_ms() const;
  void bring_forward(double now_ms);
  double random(const char* purpose, std::uint64_t n) const;
  void plan_row();
  double right_value(std::size_t channel, double seconds);
  void go_wrong(double now_ms, std::array<double, node_max_channels>& values);

  const Kind* kind_;
  std::uint32_t device_;
  std::vector<Signal> signals_;
  Episodes stuck_;
  Episodes drifting_;
  Episodes flood_;
  double interval_ms_;
  double rate_ = 1;
  double next_ms_ = 0;
  std::uint64_t readings_ = 0;
  std::uint64_t wakes_ = 0;
  std::size_t row_ = 0;                             // of the recording, next
  double row_offset_ms_ = Phases::start_within_ms;  // of its first row, in fleet time
  std::array<double, node_max_channels> last_good_{};
};

}  // namespace sluice::sim
