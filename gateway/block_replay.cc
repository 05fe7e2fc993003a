#include "gateway/block_replay.h"

#include <memory>
#include <span>

namespace sluice {

std::size_t replay_block(const Block& block, Graph& graph, const std::vector<EventMaker*>& makers,
                         Arena& arena, GraphOutput& output) {
  const std::span<Event> events(arena.array<Event>(block.events.size()), block.events.size());
  std::uninitialized_copy(block.events.begin(), block.events.end(), events.begin());
  std::vector<Event*> pointers;
  for (Event& event : events) {
    event.source_index = no_source;
    for (std::size_t i = 0; i < makers.size(); ++i) {
      if (makers[i]->source_name() == event.source_name)
        event.source_index = static_cast<std::uint16_t>(i);
    }
    if (event.source_index == no_source) continue;  // its source is gone, and all that it fed
    // What passed a gate then was valid, and is so again.
    if (const auto restored = makers[event.source_index]->restore_data(event, arena); !restored)
      event.data_state = DataState::refused;
    pointers.push_back(&event);
  }
  const BlockHeader& header = block.header;
  output.clear();
  graph.process(pointers,
                {header.block, header.engine_time, header.wall,
                 header.time_quality == TimeQuality::synchronised, header.was_backpressured},
                arena, output);
  return pointers.size();
}

}  // namespace sluice
