// deadband: lets a value pass when it is far enough from the last one that did.
//
//   deadband = { value = "data.temperature", change = 0.5, key = "subject", max_silence = "10m" }
//
//     o                                       o  passes
//   ------------------------------------ + change
//     last passed  x   x     x                x  dropped, reason "deadband"
//   ------------------------------------ - change
//
// A key's first event passes; then one whose value differs from that of the last one that passed by
// more than `change`, or by more than `percent` of it; and, with `max_silence`, one whose time is
// that much later. The value is a finite number; an event on which it is anything else, or absent,
// fails.
#pragma once

#include <optional>
#include <string>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct DeadbandConfig {
  KeyedConfig keyed;
  std::string value;              // an expression
  std::optional<double> change;   // one of these two, not negative
  std::optional<double> percent;  // of the last value that passed
  Duration max_silence{0};        // 0: no limit
};

// Fields named in errors: "key", "max_keys", "value", "change", "percent", "max_silence",
// "deadband".
StepOrErrors make_deadband(const DeadbandConfig& config);

}  // namespace sluice
