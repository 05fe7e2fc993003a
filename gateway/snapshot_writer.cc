#include "gateway/snapshot_writer.h"

#include <vector>

#include "storage/snapshots.h"

namespace sluice {
namespace {
constexpr std::size_t slice_bytes = 96 * 1024;  // a record stays below 128 KiB
constexpr std::size_t max_erased = 64;
}  // namespace

void SnapshotWriter::begin(std::uint64_t block) {
  graph_.begin_snapshot();
  is_running_ = true;
  is_wanted_ = has_new_blocks_ = false;
  running_block_ = block;
  slices_ = 0;
  replay_cost_ = Duration{};
}

void SnapshotWriter::add_slice(WriteBatch& batch, std::size_t max_bytes) {
  std::uint32_t part = 0;
  std::string bytes;
  const bool is_last = graph_.save_slice(max_bytes, part, bytes);
  if (!bytes.empty()) put_slice(batch, codec_, running_block_, slices_++, part, bytes);
  if (!is_last) return;
  std::vector<StatePart> parts;
  for (const Graph::Part& state_part : graph_.parts()) {
    parts.push_back({state_part.identity, state_part.config_hash});
  }
  put_snapshot_end(batch, codec_, running_block_, slices_, parts);
  closing_ = running_block_;
  is_running_ = false;
}

// The next one does not begin before the old one is gone: there are never more than two, however
// soon the next is due.
Result<void> SnapshotWriter::add_slices(WriteBatch& batch, std::uint64_t block) {
  if (!is_running_ && has_old_slices_) return erase_old(batch);
  if (!is_running_ && (is_wanted_ || replay_cost_ >= max_replay_)) begin(block);
  if (is_running_) add_slice(batch, slice_bytes);
  return {};
}

Result<void> SnapshotWriter::erase_old(WriteBatch& batch) {
  has_old_slices_ = TRY(trim_snapshots(store_, batch, covered_, max_erased)) == max_erased;
  return {};
}

Result<void> SnapshotWriter::add_whole(WriteBatch& batch, std::uint64_t block) {
  if (is_running_) {
    // The state has moved on since the running one began: finish that one, its slices are
    // consistent.
    while (is_running_) add_slice(batch, slice_bytes);
  }
  begin(block);
  while (is_running_) add_slice(batch, slice_bytes);
  return {};
}

void SnapshotWriter::committed() {
  if (closing_ == 0) return;
  covered_ = closing_;
  closing_ = 0;
  has_old_slices_ = true;
}

}  // namespace sluice
