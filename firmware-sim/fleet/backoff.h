// Backoff: how long a device waits before it tries a silent gateway again. Doubles, with half of
// the wait at random, so that a fleet does not come back in one instant.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "firmware-sim/common/draw.h"

namespace sluice::sim {

class Backoff {
 public:
  using Wait = std::chrono::milliseconds;

  Backoff(std::uint64_t seed, std::uint32_t device) : seed_(seed), device_(device) {}

  Wait next() {
    const double share = 0.5 + 0.5 * draw(seed_, "backoff", device_, ++draws_);
    const Wait wait(static_cast<std::int64_t>(share * static_cast<double>(bound_.count())));
    bound_ = std::min(bound_ * 2, longest);
    return wait;
  }
  void reset() { bound_ = shortest; }

 private:
  static constexpr Wait shortest{200};
  static constexpr Wait longest{2000};

  std::uint64_t seed_;
  std::uint32_t device_;
  std::uint64_t draws_ = 0;
  Wait bound_ = shortest;
};

}  // namespace sluice::sim
