// swinging_door: keeps the shape of a signal with few events: straight lines between those that
// leave are never further than `error` from any event that was dropped.
//
//   swinging_door = { value = "data.pressure", error = 0.2, key = "subject", max_silence = "10m" }
//
//               .x..x       the last one that all those before it allow
//         x..'''     \.
//     O'               O    leaves: no straight line from the last O to the next x
//     passes                passes all of them closely enough
//
// A key's first event leaves. Each one after it is held until the next shows whether it is needed;
// one that is not is dropped, reason "swinging_door". Held events leave late, as events of the
// pipeline with their own time (held_event.h): with the next event that needs them, when the key is
// forgotten (`forget_after`, so that the end of a signal comes out) or evicted, or when the event
// that came is `max_silence` later than the last one that left.
//
// An event that is not later than the one before it leaves at once and changes nothing. The value
// is a finite number; an event on which it is anything else, or absent, or of more than 64 KiB,
// fails.
//
// Source: Bristol, "Swinging door trending" (1990); the check that the line to the held event
// itself lies in the door makes `error` a true bound.
#pragma once

#include <string>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct SwingingDoorConfig {
  KeyedConfig keyed;
  std::string value;        // an expression
  double error = 0.0;       // not negative
  Duration max_silence{0};  // of event time; 0: no limit
};

// Fields named in errors: "key", "max_keys", "value", "error", "max_silence".
StepOrErrors make_swinging_door(const SwingingDoorConfig& config);

}  // namespace sluice
