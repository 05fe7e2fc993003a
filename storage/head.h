// Head: the store's positions. One small record, written only in a commit that moves something a
// record's own header cannot tell: acknowledged ranges, trims, a new sink.
//
// recover() takes the highest of the head and of the last records of journal and outboxes, so that
// a commit that only adds records does not touch the head's page.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "storage/block.h"
#include "storage/frame.h"
#include "storage/intervals.h"
#include "storage/keys.h"
#include "storage/store.h"

namespace sluice {

struct LaneState {
  std::uint64_t next = 1;     // the sequence that the next event of this lane gets
  std::uint64_t shipped = 1;  // all below are acknowledged by upstream
  Intervals beyond;           // acknowledged out of order, above `shipped`
  // The handed-out mark: only records below it may be under way to upstream, and no policy touches
  // one of these. Durable before a record goes.
  std::uint64_t handed_out = 0;
  // Sequences in [shipped, next) that hold no event: what a policy took away leaves one for its
  // gap.
  std::uint64_t holes = 0;
  // Records from this sequence on own their events; those before may refer to the journal.
  std::uint64_t references_end = no_end;

  static constexpr std::uint64_t no_end = ~0ULL;
  std::uint64_t waiting() const {  // events that upstream has not acknowledged
    std::uint64_t events = next - shipped;
    for (const Interval& done : beyond.ranges()) events -= done.end - done.first;
    return events - std::min(events, holes);
  }
};

// What is known of a boot's clock once it was set right: wall time = monotonic time + offset.
struct BootClock {
  std::uint64_t boot_id = 0;
  Duration offset{};
  bool operator==(const BootClock&) const = default;
};

struct Head {
  std::uint64_t next_sequence = 1;
  std::uint64_t next_block = 1;
  std::uint64_t next_dead_letter = 1;
  std::uint64_t first_dead_letter = 1;
  std::uint64_t retired_dead_letters = 0;  // of those from the first on: dropped, or sent again
  EngineTime engine_time{};
  std::map<std::string, std::uint16_t, std::less<>> sinks;  // name -> number, given once
  std::map<LaneId, LaneState> lanes;
  std::vector<BootClock> boot_clocks;  // of the last boots whose clock was set right, oldest first

  // The number of a sink by name; a new one is given when it is not known.
  std::uint16_t sink_number(std::string_view name);
};

// Raises the positions to what the header of a committed record proves.
void raise(Head& head, const BlockHeader& header);

std::string encode_head(const Head& head);
Result<Head> decode_head(std::string_view raw);

void put_head(WriteBatch& batch, FrameCodec& codec, const Head& head);

// The numbers of the sinks once more, in a record of their own: they must outlive a damaged head,
// or events would go to another sink. Put beside the head when a sink is new.
void put_sink_numbers(WriteBatch& batch, FrameCodec& codec, const Head& head);

// The positions of a store, also after a crash. A damaged record is counted in `damaged` and
// passed over.
Result<Head> recover_head(const Store& store, FrameCodec& codec, std::uint64_t& damaged);

// The store's random id (16 hex digits), made at the first call on a new store.
Result<std::string> read_or_make_store_id(Store& store, FrameCodec& codec);

}  // namespace sluice
