// Outbox: per sink and lane the events that must still go upstream, in order.
//
//   engine: put_outbox(...)  -->  [ 1..40 | 41..90 | 91..95 ]  --> OutboxReader: shipper's thread
//                       acknowledged ranges (head) trim --'
//
// A record owns its events (a block), or refers to events of a journal block by index, or is a gap:
// what a policy or a damaged record took away, in its place in the order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"
#include "storage/block.h"
#include "storage/frame.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace sluice {

enum class OutboxKind : std::uint8_t { owned = 1, references = 2, gap = 3 };

// Events that are not there any more: how many, when they came, and why.
struct Gap {
  std::uint64_t events = 0;
  Timestamp from{};
  Timestamp to{};
  std::string reason;
};

// Puts events as the lane's sequences first, first+1, ... With `journal_block` true the events are
// those of this beat's journal block (by block_index) and only references are stored.
void put_outbox(WriteBatch& batch, FrameCodec& codec, LaneId lane, std::uint64_t first,
                const BlockHeader& header, std::span<const Event* const> events,
                bool journal_block);
// A gap takes one sequence.
void put_gap(WriteBatch& batch, FrameCodec& codec, LaneId lane, std::uint64_t first,
             const BlockHeader& header, const Gap& gap);

// One record read back.
struct OutboxRecord {
  std::uint64_t first = 0;
  std::uint64_t end = 0;  // sequence after the last
  OutboxKind kind = OutboxKind::owned;
  BlockHeader header;
  std::uint64_t journal_block = 0;  // references: the block they are in
  std::vector<Event> events;        // owned; references, where they are followed
  Gap gap;
};

// Whether the events that a record refers to are looked up in the journal.
enum class References : std::uint8_t { followed, ignored };

// Reads a lane from any thread.
class OutboxReader {
 public:
  OutboxReader(const Store& store, LaneId lane, std::string store_id,
               References references = References::followed)
      : store_(store), lane_(lane), store_id_(std::move(store_id)), references_(references) {}

  // The record that holds `sequence`, or the first one after it. `is_found` false: none yet.
  // Texts of the events live until the next read.
  //   corrupt  the record (or the block it refers to) is damaged: `record.first` and `record.end`
  //            say what is affected
  struct Found {
    bool is_found = false;
    bool is_damaged = false;
    std::string damage;
    std::string damaged_key;  // of what is damaged, without its part: for the quarantine
    OutboxRecord record;
  };
  Result<Found> read(std::uint64_t sequence);

 private:
  Result<void> open_record(std::string_view bytes, OutboxRecord& record);
  Result<void> resolve(ByteReader& in, OutboxRecord& record);

  const Store& store_;
  const LaneId lane_;
  const std::string store_id_;
  const References references_;
  FrameCodec codec_;
  Arena arena_;
  std::string raw_;    // what the events' texts point into
  std::string block_;  // the same for references
};

// The number of a record's events and its journal block, without reading events.
struct OutboxSummary {
  std::uint64_t events = 0;
  std::uint64_t journal_block = 0;  // 0: owns its events
  BlockHeader header;
};
Result<OutboxSummary> summarise_outbox(std::string_view frame, FrameCodec& codec);

}  // namespace sluice
