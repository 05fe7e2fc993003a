// changed: lets an event pass when a value is not what it was in the key's last event.
//
//   changed = { value = "[data.state, data.mode]", key = "subject" }
//
// A key's first event passes; what has not changed is dropped, reason "unchanged". The value is
// null, a string, number, bool, time, or list of such, of up to 1024 bytes; 2 and 2.0 are the same.
#pragma once

#include <string>

#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct ChangedConfig {
  KeyedConfig keyed;
  std::string value;  // an expression
};

// Fields named in errors: "key", "max_keys", "value".
StepOrErrors make_changed(const ChangedConfig& config);

}  // namespace sluice
