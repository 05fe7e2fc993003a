// debounce: of a burst of events of one key only the last leaves, once the key has been quiet.
//
//   debounce = { quiet = "5s", max_wait = "1m", key = "subject" }
//
//   events   o oo o o                      o
//            |<- dropped ->| |--- quiet -->|
//   leaves                                 the last one of the burst
//
// Quiet is engine time: no event of the key came for so long, whatever the times in the events. The
// one that leaves has its own time, and is an event of the pipeline (held_event.h). With `max_wait`
// a burst whose event times span that long is ended by the event that makes it so: it leaves at
// once. Replaced events are dropped, reason "debounce". When a key is evicted, its event leaves
// early; when one is refused, its event is dropped. An event of more than 64 KiB fails.
#pragma once

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct DebounceConfig {
  KeyedConfig keyed;     // without forget_after: a key is forgotten when its event has left
  Duration quiet{};      // more than zero
  Duration max_wait{0};  // 0: no limit
};

// Fields named in errors: "key", "max_keys", "quiet", "max_wait".
StepOrErrors make_debounce(const DebounceConfig& config);

}  // namespace sluice
