// sample: thins out the events of a key, evenly.
//
//   sample = { every = 10, key = "subject" }     the 1st, 11th, 21st ...
//   sample = { per = "1m", key = "subject" }     the first of each minute
//
// Intervals are aligned: a minute begins at :00 of event time. An event that is not in a later
// interval than the last one that passed is dropped, also when it comes late. Dropped: reason
// "sample".
#pragma once

#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

struct SampleConfig {
  KeyedConfig keyed;
  std::optional<std::uint32_t> every;  // one of these two: at least 1
  std::optional<Duration> per;         // more than zero
};

// Fields named in errors: "key", "max_keys", "sample", "every", "per".
StepOrErrors make_sample(const SampleConfig& config);

}  // namespace sluice
