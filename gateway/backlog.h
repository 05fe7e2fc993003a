// Backlog: what waits in a lane for its upstream.
//
//   shipped                                              next
//     [ r r r | . . . | r r r | . . . | r r r | . . . ]       r: records that are looked at
//
// Events are exact. Bytes are measured on a few records, spread over the lane: that costs the same
// for ten thousand records as for ten million, and there is no sum that a crash could spoil.
#pragma once

#include <cstdint>
#include <optional>

#include "core/result.h"
#include "storage/block.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace sluice {

// How long an event has waited that came in a beat with this header.
Duration age_of(const BlockHeader& header, Timestamp now, EngineTime engine_now);

struct Backlog {
  std::uint64_t events = 0;
  // What the store keeps for them, compressed: their records, and the journal blocks that these
  // refer to. An estimate when there are more than some dozens of records.
  std::uint64_t bytes = 0;
  // Of the beat that the oldest of them came with; nothing when none waits or its record is
  // damaged.
  std::optional<BlockHeader> oldest;
};

// Any thread, with a codec of its own.
//   try_later  the store cannot be read
Result<Backlog> measure_backlog(const Store& store, FrameCodec& codec, LaneId lane,
                                const LaneState& state);

}  // namespace sluice
