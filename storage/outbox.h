// Outbox: per sink and lane the events that must still go upstream, in order.
//
//   engine: put_outbox(...)  -->  [ 1..40 | 41..90 | 91..95 ]  --> OutboxReader: shipper's thread
//                       acknowledged ranges (head) trim --'
//
// A record owns its events (a block), or refers to events of a journal block by index, or is a gap:
// what a policy or a damaged record took away, in its place in the order, or a summary: what a
// policy kept of the events in the gap before it.
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
#include "storage/head.h"
#include "storage/keys.h"
#include "storage/records.h"
#include "storage/store.h"

namespace sluice {

enum class OutboxKind : std::uint8_t { owned = 1, references = 2, gap = 3, summary = 4 };

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

// Summaries own their events. `level` counts from 1, the finest.
void put_summary(WriteBatch& batch, FrameCodec& codec, LaneId lane, std::uint64_t first,
                 const BlockHeader& header, std::uint32_t level,
                 std::span<const Event* const> events);

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
    bool is_found = false;  // if not, `record` is the one before, when there is one
    bool is_damaged = false;
    std::string damage;
    std::string damaged_key;  // of what is damaged, without its part: for the quarantine
    OutboxRecord record;
  };
  Result<Found> read(std::uint64_t sequence);

 private:
  Result<void> open_record(const StoredFrame& frame, OutboxRecord& record);
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

// A record without its events.
struct OutboxOutline {
  OutboxKind kind = OutboxKind::owned;
  std::uint64_t events = 0;         // sequences; of a gap: 1
  std::uint32_t level = 0;          // of a summary
  Gap gap;                          // of a gap
  std::uint64_t journal_block = 0;  // 0: owns its events
  BlockHeader header;
};
Result<OutboxOutline> outline_outbox(const StoredFrame& frame, FrameCodec& codec);

// After a salvage: puts a gap record into each place between shipped and next where records are
// missing, unless a policy's gap or summary before it explains that. Gives the number of sequences
// without a record. Commits by itself.
Result<std::uint64_t> fill_holes(Store& store, FrameCodec& codec, LaneId lane,
                                 const LaneState& state, const BlockHeader& header);

}  // namespace sluice
