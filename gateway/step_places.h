// StepPlaces: from what a step's factory finds wrong to lines and columns of the file.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/diagnostics.h"
#include "config/located_text.h"
#include "pipelines/step_error.h"

namespace sluice {

// Where each field that a factory may complain about stands in the file.
using StepPlaces = std::map<std::string, LocatedText>;

// The step, or nothing when its factory found faults: each is reported at its place in the file.
std::unique_ptr<Step> take_step(StepOrErrors made, const StepPlaces& places,
                                Diagnostics& diagnostics);

}  // namespace sluice
