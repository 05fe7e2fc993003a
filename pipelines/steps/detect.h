// detect: tells when a value is unusual for its key, by one of the methods in pipelines/detectors/.
//
//   detect = { value = "data.temperature", key = "subject", method = "zscore", limit = 4.0 }
//
//   value --method--> score --Alarm--> begins ... ends
//
// What leaves has a field more, `data.anomaly` (`into` says where), a map of:
//   method      "zscore"
//   is_anomaly  whether the alarm is on, after this event
//   change      "begins", "ends", or null
//   score       how unusual the value is, in the method's own unit; null while that is being learnt
//   value       the value
//   low, high   what the value may be without being unusual; null where there is no bound
//   reason      on which side the value was unusual ("high", "low", "mean_high", "mean_low");
//               null while the score is not above the limit
//
// With emit = "changes" only events pass with which an alarm begins or ends; others are dropped,
// reason "detect". With emit = "all" all pass.
//
// Events are taken in the order in which they come. The value is a number of at most 1e100 in size;
// an event on which it is anything else, or absent, fails and changes nothing, and so does one into
// whose data the field cannot be written. An alarm whose key is forgotten or evicted ends without
// an event.
#pragma once

#include <string>
#include <variant>

#include "core/clock.h"
#include "pipelines/detectors/cusum.h"
#include "pipelines/detectors/ewma.h"
#include "pipelines/detectors/range.h"
#include "pipelines/detectors/seasonal.h"
#include "pipelines/detectors/threshold.h"
#include "pipelines/detectors/zscore.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

enum class DetectEmit : std::uint8_t { changes, all };

struct DetectConfig {
  KeyedConfig keyed;
  std::string value;  // an expression
  std::variant<ThresholdConfig, ZScoreConfig, EwmaConfig, CusumConfig, SeasonalConfig, RangeConfig>
      method;
  Duration lasts{0};      // of event time: the score must be above the limit for so long;
  Duration clear_for{0};  // not above the level at which the alarm ends for so long
  DetectEmit emit = DetectEmit::changes;
  std::string into = "data.anomaly";  // a path of data
};

// Fields named in errors: "key", "max_keys", "value", "into", "for", "clear_for", and the method's.
StepOrErrors make_detect(const DetectConfig& config);

}  // namespace sluice
