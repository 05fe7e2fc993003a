// StepPlaces: from what a step's factory finds wrong to lines and columns of the file.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/diagnostics.h"
#include "config/located_text.h"
#include "config/table.h"
#include "pipelines/step_error.h"

namespace sluice {

// Where texts stand in the file that a factory may complain about by column.
using StepPlaces = std::map<std::string, LocatedText>;

// The step, or nothing when its factory found faults: each is reported at its place in the file, of
// `places`, or else where `table`, which is the step's, has the field.
std::unique_ptr<Step> take_step(StepOrErrors made, const StepPlaces& places, const RawTable& table,
                                Diagnostics& diagnostics);

}  // namespace sluice
