#include "pipelines/detectors/threshold.h"

#include <cmath>

namespace sluice {

Threshold::Threshold(const ThresholdConfig& config)
    : low_(config.below.value_or(-std::numeric_limits<double>::infinity())),
      high_(config.above.value_or(std::numeric_limits<double>::infinity())),
      hysteresis_(config.hysteresis) {}

void Threshold::check(const ThresholdConfig& config, StepErrors& errors) {
  if (!config.above && !config.below) {
    errors.push_back({"above", 0, "a threshold has 'above', 'below' or both"});
  }
  if (!std::isfinite(config.above.value_or(0.0))) {
    errors.push_back({"above", 0, "needs a finite number"});
  }
  if (!std::isfinite(config.below.value_or(0.0))) {
    errors.push_back({"below", 0, "needs a finite number"});
  }
  check_not_negative("hysteresis", config.hysteresis, errors);
  // With both, there must be room left where the alarm can end.
  if (config.above && config.below && *config.above - *config.below < 2.0 * config.hysteresis) {
    errors.push_back({"hysteresis", 0,
                      "'above' less 'below' must be at least twice the hysteresis, else an alarm "
                      "could never end"});
  }
}

Judgement Threshold::judge(const Memory&, double value, Timestamp) const {
  const double over = value - high_;
  const double under = low_ - value;
  return {.is_ready = true,
          .score = std::max(over, under),
          .low = low_,
          .high = high_,
          .reason = under > over ? "low" : "high"};
}

}  // namespace sluice
