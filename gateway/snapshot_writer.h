// SnapshotWriter: decides when a snapshot is due and writes it slice by slice beside the beats.
// Engine thread only.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "core/result.h"
#include "pipelines/graph.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

class SnapshotWriter {
 public:
  // `covered` is the block of the newest valid snapshot (0: none).
  SnapshotWriter(Store& store, FrameCodec& codec, Graph& graph, Duration max_replay,
                 std::uint64_t covered)
      : store_(store), codec_(codec), graph_(graph), max_replay_(max_replay), covered_(covered) {}

  // A journaled block was processed and took this long: replaying it would take as long.
  void processed(Duration cost) {
    replay_cost_ += cost;
    has_new_blocks_ = true;
  }

  // Adds what is due to the batch of the beat whose block is `block`, after it was processed:
  // erases slices of an old snapshot, begins one, or writes a slice of a running one.
  Result<void> add_slices(WriteBatch& batch, std::uint64_t block);
  // The old ones alone. They may still be there when this batch never becomes durable.
  Result<void> erase_old(WriteBatch& batch);
  // Begins and completes a snapshot within this batch.
  Result<void> add_whole(WriteBatch& batch, std::uint64_t block);
  // The batch of the last add is durable.
  void committed();

  // Journal blocks at or above this are needed for recovery.
  std::uint64_t keep_journal_from() const { return covered_ + 1; }
  bool is_running() const { return is_running_; }
  // The store is full: what only a replay needs can go once a snapshot covers it, so one is due.
  void want_room() { is_wanted_ = has_new_blocks_ && !is_running_; }
  // Slices are to be written, or old ones to be erased.
  bool has_work() const { return is_wanted_ || is_running_ || has_old_slices_; }

 private:
  void begin(std::uint64_t block);
  void add_slice(WriteBatch& batch, std::size_t max_bytes);

  Store& store_;
  FrameCodec& codec_;
  Graph& graph_;
  const Duration max_replay_;
  std::uint64_t covered_;      // valid and durable
  std::uint64_t closing_ = 0;  // becomes covered_ with the commit
  std::uint64_t running_block_ = 0;
  std::uint32_t slices_ = 0;
  bool is_running_ = false;
  bool has_new_blocks_ = true;  // behind the running or the last snapshot; after a start perhaps
  bool is_wanted_ = false;
  bool has_old_slices_ = true;  // there may be some from before the start
  Duration replay_cost_{};      // since the running or the last snapshot
};

}  // namespace sluice
