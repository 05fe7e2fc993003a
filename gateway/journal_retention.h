// JournalRetention: how far back the journal is kept for replay (storage.journal.retain).
//
//   [ older than `retain`, may go | kept ... newest ]
//                                 ^ start()
//
// Ages are those of the blocks' own headers, so that a restart changes nothing. Engine thread only.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "core/result.h"
#include "storage/block.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

class JournalRetention {
 public:
  // `retain` zero: nothing is kept for its age.
  JournalRetention(const Store& store, FrameCodec& codec, Duration retain)
      : store_(store), codec_(codec), retain_(retain) {}

  // Blocks from this one on are to be kept. Looks at few blocks and comes closer from call to call.
  Result<std::uint64_t> start(const BlockHeader& now);

 private:
  const Store& store_;
  FrameCodec& codec_;
  const Duration retain_;
  std::uint64_t start_ = 0;
  std::uint64_t stride_ = 1;
  EngineTime looked_at_{};
  bool has_looked_ = false;
};

}  // namespace sluice
