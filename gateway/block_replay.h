// Block replay: a journal block run through a graph as the engine ran it.
//
//   Block --(sources matched by name, data decoded)--> Graph::process --> GraphOutput
#pragma once

#include <cstddef>
#include <vector>

#include "core/arena.h"
#include "gateway/event_maker.h"
#include "pipelines/graph.h"
#include "storage/block.h"

namespace sluice {

// Runs the block and gives the number of its events that have a source here; the others are left
// out, and all that they fed. `makers` are the sources in the order of the graph's. Outputs lie in
// `arena` and in the block.
std::size_t replay_block(const Block& block, Graph& graph, const std::vector<EventMaker*>& makers,
                         Arena& arena, GraphOutput& output);

}  // namespace sluice
