// JournalWalk: the journal blocks of a time range, in order, read beside a gateway that runs.
//
//   [ before `since` | <--- visited ---> | at or after `until` ]      by the blocks' wall time
//
// What the gateway appends meanwhile is not visited; what it trims meanwhile is missed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/arena.h"
#include "core/clock.h"
#include "core/result.h"
#include "storage/block.h"
#include "storage/store.h"

namespace sluice {

struct ReplayRange {
  std::optional<Timestamp> since;  // nothing: from the oldest block
  std::optional<Timestamp> until;
};

struct WalkProgress {
  std::uint64_t blocks_done = 0;  // looked at, in the range or not
  std::uint64_t blocks_total = 0;
  std::uint64_t events = 0;  // of the visited blocks
};

// What the walk has seen.
struct WalkReport {
  std::uint64_t blocks = 0;  // visited
  std::uint64_t events = 0;
  std::uint64_t damaged = 0;                // blocks that cannot be read, anywhere
  std::optional<Timestamp> first, last;     // of the visited blocks
  std::optional<Timestamp> oldest, newest;  // of all blocks
};

// `block` and what is made in `arena` live until the call returns.
using VisitBlock = std::function<void(const Block& block, Arena& arena)>;
using ShowProgress = std::function<void(const WalkProgress& progress)>;

//   try_later  the store cannot be read
Result<WalkReport> walk_journal(const Store& store, const std::string& store_id,
                                const ReplayRange& range, const VisitBlock& visit,
                                const ShowProgress& progress);

}  // namespace sluice
