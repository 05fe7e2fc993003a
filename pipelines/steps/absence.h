// absence: tells when a key has fallen silent, and when it is back.
//
//   absence = { key = "subject", after = "5m", expect = ["pump-1", "pump-2"] }
//
//   events    x  x x              |        x
//   leaves              absent ---'        '--- present
//              |<- after ->|
//
// One event leaves when no event of a key came for `after`, and one when the key comes again. The
// events that come end here (reason "seen"), as in a window: who needs them reads the source in
// another pipeline. A key is watched from its first event on; those of `expect` from the start of
// the pipeline, so that a device that never came is told too.
//
// Silence is measured by engine time, which stands still while the gateway is off; event times play
// no part, as a silent device makes none. While a full store holds the sources back the gateway
// hears nothing, and silence goes on: choose `after` longer than such a time.
//
// An event that leaves has the type "sluice.absence", the key as its subject, and as data
//   state      "absent" or "present"
//   last_seen  when the gateway received the key's last event (before this one); null: it never
//              came
//   silent_s   seconds from last_seen to the time of this event; null as last_seen
// The time of "absent" is `after` behind last_seen, or of a key that never came the watermark (1970
// while there is none); that of "present" is when the gateway received the event.
//
// Keys that are not known are refused when there are too many (WhenFull::refuse is the default in
// TOML), as the one that a full step would evict is the one that is silent. A key that is evicted
// or forgotten is watched no more, and new when it comes again.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct AbsenceConfig {
  KeyedConfig keyed;                // forget_after is 0, or more than `after`
  Duration after{};                 // more than zero
  std::vector<std::string> expect;  // keys that are strings; none twice
};

// Fields named in errors: "key", "max_keys", "after", "forget_after", "expect", "expect.N".
StepOrErrors make_absence(const AbsenceConfig& config);

}  // namespace sluice
