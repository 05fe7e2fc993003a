// Dead letters: events that could not be decoded, processed or delivered, kept with the reason.
// A record holds the dead letters of one beat.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "storage/block.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

struct Head;

struct DeadLetter {
  std::uint64_t number = 0;  // set on reading
  std::string
      stage;  // empty: it was retired. "decode", "pipeline climate, step window#1", "sink cloud"
  std::string reason;  // one line for a person
  // The event as far as it was known. What could not be decoded has only payload and sender
  // columns.
  Event event;
};

// Puts the letters as numbers first, first+1, ...
void put_dead_letters(WriteBatch& batch, FrameCodec& codec, std::uint64_t first,
                      const BlockHeader& header, std::span<const DeadLetter> letters);

// Calls `visit` for each letter from number `first` on, until it returns false. Damaged records are
// counted in `damaged` and passed over.
Result<void> read_dead_letters(
    const Store& store, FrameCodec& codec, std::string_view store_id, std::uint64_t first,
    std::uint64_t& damaged,
    const std::function<bool(const DeadLetter&, const BlockHeader&)>& visit);

// Takes letters away that `is_chosen` names: they read as if they were not there. Gives their
// number.
Result<std::uint64_t> retire_dead_letters(const Store& store, WriteBatch& batch, FrameCodec& codec,
                                          std::string_view store_id, Head& head,
                                          const std::function<bool(std::uint64_t)>& is_chosen);

// Raises the positions to what the last record proves.
Result<void> recover_dead_letters(const Store& store, FrameCodec& codec, Head& head,
                                  std::uint64_t& damaged);

// Erases up to `max_records` records of letters below `end`.
Result<std::size_t> trim_dead_letters(const Store& store, WriteBatch& batch, std::uint64_t end,
                                      std::size_t max_records);

}  // namespace sluice
