// Journal: the append-only log of blocks, the source of truth for all that is stateful.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "storage/block.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

void put_journal(WriteBatch& batch, FrameCodec& codec, const BlockHeader& header,
                 std::span<const Event* const> events);

// The raw bytes of a block, for decode_block.
//   corrupt  it is damaged, or not there any more
Result<std::string> read_journal_raw(const Store& store, FrameCodec& codec, std::uint64_t block);

// The first block with a number >= `block`, or nothing at the end. A damaged block gives its number
// and no bytes: the caller counts it and goes on behind it.
struct JournalEntry {
  std::uint64_t block = 0;
  bool is_damaged = false;
  std::string damage;
  std::string raw;
};
Result<std::optional<JournalEntry>> next_journal(const Store& store, FrameCodec& codec,
                                                 std::uint64_t block);

// Erases up to `max_records` blocks below `end`; the newest block always stays.
Result<std::size_t> trim_journal(const Store& store, WriteBatch& batch, std::uint64_t end,
                                 std::size_t max_records);

}  // namespace sluice
