// filter: lets an event pass when its condition is true.
//
//   filter = "data.temperature > -40.0 && data.temperature < 85.0"
//
// False: the event is dropped, reason "filter". An error, or a value that is no bool: it fails.
#pragma once

#include <string>

#include "pipelines/step_error.h"

namespace sluice {

struct FilterConfig {
  std::string condition;  // an expression that is true or false
};

// Fields named in errors: "filter".
StepOrErrors make_filter(const FilterConfig& config);

}  // namespace sluice
