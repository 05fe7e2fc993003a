// Records: a frame in the store, cut into parts when it is larger than a key may hold.
//
// LMDB keeps a large value in neighbouring pages: parts of at most 120 KiB stay easy to place in a
// file that has been in use for years.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

constexpr std::size_t max_part_bytes = 120 * 1024;

// Puts `frame` under `key` + one byte of part number. CHECKs that 256 parts are enough.
void put_record(WriteBatch& batch, const std::string& key, std::string_view frame);
// The same with the frame of `raw`.
void put_record(WriteBatch& batch, FrameCodec& codec, const std::string& key, std::string_view raw);

// A record with the number that its key ends in (before the part).
struct StoredFrame {
  std::string key;  // without the part: what its checksum covers
  std::uint64_t number = 0;
  std::uint64_t next_number = 0;  // of the record after it; 0: it is the last one
  std::string bytes;
};

// The first record with number >= `number` under `prefix`; `is_found` false when there is none.
struct FoundFrame {
  bool is_found = false;
  StoredFrame frame;
};
Result<FoundFrame> read_at_or_after(const Store& store, const std::string& prefix,
                                    std::uint64_t number);
// The last record with number <= `number` under `prefix`.
Result<FoundFrame> read_at_or_before(const Store& store, const std::string& prefix,
                                     std::uint64_t number);

// Erases up to `max_records` whole records under `prefix` that end at or before `end`
// (a record ends where the next one begins; the last record of a prefix is never erased, it
// remembers the position). Gives the number of records erased.
Result<std::size_t> erase_before(const Store& store, WriteBatch& batch, const std::string& prefix,
                                 std::uint64_t end, std::size_t max_records);

}  // namespace sluice
