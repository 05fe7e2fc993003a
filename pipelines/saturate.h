// Time arithmetic that stops at the ends of the range (1678 and 2262) in place of overflowing.
#pragma once

#include <cstdint>
#include <limits>

#include "core/clock.h"

namespace sluice {

inline Timestamp add_saturated(Timestamp time, Duration duration) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(time.time_since_epoch().count(), duration.count(), &sum)) {
    return Timestamp(Duration(sum));
  }
  return duration < Duration{0} ? Timestamp::min() : Timestamp::max();
}

inline Timestamp subtract_saturated(Timestamp time, Duration duration) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(time.time_since_epoch().count(), duration.count(), &difference)) {
    return Timestamp(Duration(difference));
  }
  return duration < Duration{0} ? Timestamp::max() : Timestamp::min();
}

// From `from` to `to`.
inline Duration between_saturated(Timestamp from, Timestamp to) {
  return subtract_saturated(to, from.time_since_epoch()).time_since_epoch();
}

}  // namespace sluice
