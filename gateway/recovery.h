// Recovery: the state of the pipelines as it was at the last commit.
//
//   last snapshot -> graph;  journal blocks after it -> graph;  outputs are thrown away:
//   they were committed with their block
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"
#include "gateway/event_maker.h"
#include "pipelines/graph.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

struct RecoveryReport {
  std::uint64_t snapshot_block = 0;  // 0: none was there
  std::uint64_t replayed_blocks = 0;
  std::uint64_t replayed_events = 0;
  std::uint64_t damaged_records = 0;      // passed over
  std::vector<std::string> damaged_keys;  // of journal blocks among them, for the quarantine
  std::uint64_t differences = 0;  // blocks whose replay gave other outputs than were committed
};

// `makers` are the sources in the order of the graph's. `graph` is fresh.
//   try_later  the store cannot be read
Result<RecoveryReport> recover_state(const Store& store, FrameCodec& codec,
                                     std::string_view store_id, Graph& graph,
                                     const std::vector<EventMaker*>& makers,
                                     const std::vector<bool>& is_journaled);

// Gives `to` the state of all parts of `from` that it has with the same configuration; names of the
// others are appended to `dropped`.
Result<void> transfer_state(Graph& from, Graph& to, std::vector<std::string>& dropped);

}  // namespace sluice
