// Times that only a clock which is wrong can have given.
#pragma once

#include "core/clock.h"
#include "core/event.h"
#include "pipelines/saturate.h"

namespace sluice {

// What a good clock may be ahead of the gateway's.
inline constexpr Duration max_clock_ahead = std::chrono::minutes(5);

// Whether `known`, the time of an earlier event, lies so far behind the arrival of `event` that
// the one that gave it was wrong: what comes now need not be later. What a step made never arrived,
// and tells nothing.
inline bool is_from_wrong_clock(Timestamp known, const Event& event) {
  return event.received != Timestamp{} && known > add_saturated(event.received, max_clock_ahead);
}

}  // namespace sluice
