// RunClock: the one time line of a run, shared by the protocols' threads.
//
//   start --- measuring (schedule) --- end --- draining: what is in the rings --- over
//
// stop() ends the measuring, a second stop() also the draining. Signal handlers may call it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace sluice::sim {

class RunClock {
 public:
  using Offset = std::chrono::nanoseconds;

  // How long a protocol's thread sleeps at most.
  static constexpr std::chrono::milliseconds longest_wait{20};

  // `drain`: how long to wait for the last acknowledgements.
  RunClock(std::int64_t start_wall_ms, Offset drain)
      : start_wall_ms_(start_wall_ms), drain_(drain) {}

  Offset since_start() const { return std::chrono::steady_clock::now() - start_; }
  // The wall time of an instant of the run; it does not follow later changes of the wall clock.
  std::int64_t wall_ms(Offset offset) const {
    return start_wall_ms_ + std::chrono::duration_cast<std::chrono::milliseconds>(offset).count();
  }
  std::int64_t wall_ms() const { return wall_ms(since_start()); }

  void stop() { stops_.fetch_add(1, std::memory_order_relaxed); }
  bool is_measuring() const { return stops_.load(std::memory_order_relaxed) == 0; }
  bool is_cut_short() const { return stops_.load(std::memory_order_relaxed) > 1; }
  Offset drain() const { return drain_; }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::int64_t start_wall_ms_;
  Offset drain_;
  std::atomic<int> stops_{0};
};

}  // namespace sluice::sim
