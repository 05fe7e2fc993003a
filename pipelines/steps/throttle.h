// throttle: lets at most so many events of a key pass in an interval.
//
//   throttle = { events = 10, per = "1s", key = "subject" }
//
//   [ 10 pass, the rest is dropped )        [ 10 pass, the rest ...
//   |<----------- per ------------>|        '-- the first event after the end of the last interval
//
// An interval begins with a key's first event, and the next one with the first event whose time is
// not in it; what comes late, with a time before the interval, counts in it. Dropped: reason
// "throttle".
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct ThrottleConfig {
  KeyedConfig keyed;
  std::uint32_t events = 1;  // at least 1
  Duration per{};            // of event time, more than zero
};

// Fields named in errors: "key", "max_keys", "events", "per".
StepOrErrors make_throttle(const ThrottleConfig& config);

}  // namespace sluice
