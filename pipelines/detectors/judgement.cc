#include "pipelines/detectors/judgement.h"

#include <cmath>

namespace sluice {

void check_limits(const Limits& limits, StepErrors& errors) {
  if (!(limits.begin > 0.0) || !std::isfinite(limits.begin)) {
    errors.push_back({"limit", 0, "a limit is a number above zero, for example 4.0"});
  }
  if (!(limits.end() >= 0.0) || limits.end() > limits.begin) {
    errors.push_back({"clear", 0, "an alarm ends at a score from zero to the limit"});
  }
}

void check_robust_limits(const Limits& limits, StepErrors& errors) {
  check_limits(limits, errors);
  if (limits.begin < 3.0) {
    errors.push_back({"limit", 0, "needs at least 3.0, or robust = false"});
  }
}

void check_not_negative(std::string_view field, double number, StepErrors& errors) {
  if (number >= 0.0 && std::isfinite(number)) return;
  errors.push_back({std::string(field), 0, "needs a number that is not negative"});
}

}  // namespace sluice
