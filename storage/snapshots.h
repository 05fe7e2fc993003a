// Snapshots: the state of all stateful parts at one journal position, as slices written over many
// beats. A snapshot is valid once its closing record is committed; until then the one before stays.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

// One part that has state: a step, or the watermarks.
struct StatePart {
  std::string identity;           // "pipelines.climate.steps.window#1"
  std::uint64_t config_hash = 0;  // of its own configuration: a changed part starts anew
  bool operator==(const StatePart&) const = default;
};

void put_slice(WriteBatch& batch, FrameCodec& codec, std::uint64_t block, std::uint32_t slice,
               std::uint32_t part, std::string_view bytes);
// Closes the snapshot at `block`, of `slices` slices.
void put_snapshot_end(WriteBatch& batch, FrameCodec& codec, std::uint64_t block,
                      std::uint32_t slices, const std::vector<StatePart>& parts);

struct SnapshotInfo {
  std::uint64_t block = 0;  // the state after this block
  std::uint32_t slices = 0;
  std::vector<StatePart> parts;
};

// The newest valid snapshot, or nothing. Damaged ones are counted and passed over.
Result<std::optional<SnapshotInfo>> find_snapshot(const Store& store, FrameCodec& codec,
                                                  std::uint64_t& damaged);

// Calls `load(part index, bytes)` for each slice in order.
//   corrupt  a slice is damaged or missing: this snapshot cannot be used
Result<void> load_snapshot(
    const Store& store, FrameCodec& codec, const SnapshotInfo& info,
    const std::function<Result<void>(std::uint32_t, std::string_view)>& load);

// Erases up to `max_records` slices of snapshots below `block` (the valid one).
Result<std::size_t> trim_snapshots(const Store& store, WriteBatch& batch, std::uint64_t block,
                                   std::size_t max_records);
// Erases all slices of snapshots above `block`: begun before a crash, never closed.
Result<void> erase_unfinished(const Store& store, WriteBatch& batch, std::uint64_t block);

}  // namespace sluice
