// Distances of event times that cannot overflow.
#pragma once

#include "core/clock.h"
#include "pipelines/saturate.h"

namespace sluice {

// Whether `time` is `distance` or more behind `start`. `distance` is not negative.
inline bool is_at_least_after(Timestamp start, Timestamp time, Duration distance) {
  return time >= start && subtract_saturated(time, distance) >= start;
}

inline bool is_less_apart(Timestamp a, Timestamp b, Duration distance) {
  return !is_at_least_after(a, b, distance) && !is_at_least_after(b, a, distance);
}

}  // namespace sluice
