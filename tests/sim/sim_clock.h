// SimClock: time that moves when the simulation says so, and by a microsecond whenever somebody
// looks: work takes time, so that what is measured (the cost of a replay) is not zero.
#pragma once

#include "core/clock.h"

namespace sluice::sim {

class SimClock final : public Clock {
 public:
  Timestamp wall() const override { return wall_; }
  Duration monotonic() const override {
    constexpr Duration look = std::chrono::microseconds(1);
    monotonic_ += look;
    wall_ += look;
    return monotonic_;
  }

  void advance(Duration by) {
    monotonic_ += by;
    wall_ += by;
  }
  // The box boots: its monotonic clock begins anew, the wall clock goes on.
  void reboot() { monotonic_ = boot; }

 private:
  static constexpr Duration boot = std::chrono::seconds(1);
  mutable Duration monotonic_ = boot;
  mutable Timestamp wall_{std::chrono::seconds(1'790'000'000)};
};

}  // namespace sluice::sim
