// dedupe: drops an event that came before.
//
//   dedupe = { by = "[subject, data.sequence]", within = "10m", remember = 100000 }
//
// Two events are the same when `by` has the same value. The first one passes; one that is the same
// as an event that passed is dropped, reason "duplicate", when their event times lie less than
// `within` apart (any times when `within` is zero). What passed is remembered until `remember`
// others have passed since, or `max_memory` is needed for them, and, if `forget_after` is set, for
// that long in engine time.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "pipelines/step_error.h"
#include "pipelines/steps/bounded_keys.h"

namespace sluice {

struct DedupeConfig {
  std::string by = "[source, id]";  // an expression
  Duration within{0};
  std::uint32_t remember = 100'000;  // at least 1
  std::size_t max_memory = KeyBounds{}.max_memory;
  Duration forget_after{0};
};

// Fields named in errors: "by", "within", "remember".
StepOrErrors make_dedupe(const DedupeConfig& config);

}  // namespace sluice
