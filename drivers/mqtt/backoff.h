// Backoff: how long to wait before the next attempt: exponential with full jitter, so that many
// gateways do not come back to a restarted broker in the same instant.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "core/clock.h"

namespace sluice::mqtt {

class Backoff {
 public:
  Backoff(Duration first, Duration longest, std::uint64_t seed)
      : first_(first), longest_(longest), bound_(first), random_(seed) {}

  // Between nothing and the bound, which doubles with every attempt.
  Duration next() {
    std::uniform_int_distribution<std::int64_t> any(0, bound_.count());
    const Duration wait(any(random_));
    bound_ = std::min(bound_ * 2, longest_);
    return wait;
  }
  void reset() { bound_ = first_; }
  Duration bound() const { return bound_; }

 private:
  const Duration first_;
  const Duration longest_;
  Duration bound_;
  std::mt19937_64 random_;
};

}  // namespace sluice::mqtt
