// route: sends each event to the first named output whose condition is true.
//
//                 .-- condition of "alarms" true --> <pipeline>.alarms
//   event --> route -- else condition of "slow" -->  <pipeline>.slow
//                 '-- none --> the next step
//
// Conditions are tried in the order of the configuration. One that errors, or gives a value that is
// no bool, fails the event; the conditions after it are not tried.
#pragma once

#include <string>
#include <vector>

#include "pipelines/step_error.h"

namespace sluice {

struct RouteOutput {
  std::string name;       // letters, digits, '_' and '-'; unique in the route
  std::string condition;  // an expression that is true or false
};

struct RouteConfig {
  std::vector<RouteOutput> outputs;  // at least one
};

// Fields named in errors: "route" and "route.NAME".
StepOrErrors make_route(const RouteConfig& config);

}  // namespace sluice
