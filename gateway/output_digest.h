// A digest of what the pipelines gave for a block: a replay compares its own with the stored one.
#pragma once

#include <cstdint>
#include <vector>

#include "pipelines/graph.h"

namespace sluice {

// Over the outputs that come from journaled sources; a replay does not see the others.
std::uint64_t output_digest(const GraphOutput& output, const std::vector<bool>& is_journaled);

}  // namespace sluice
