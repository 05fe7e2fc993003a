// What the steps of a configuration may come to remember: for `sluice check`.
#pragma once

#include <string>
#include <vector>

#include "pipelines/graph.h"

namespace sluice {

// The sum of all steps' memory limits, then a line for each step that has one, the largest first;
// lines end with '\n'. Empty when no step remembers anything.
std::string memory_report(const std::vector<PipelineSetup>& pipelines);

}  // namespace sluice
