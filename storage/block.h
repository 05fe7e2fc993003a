// Block: all events of one beat as one record.
//
// The journal keeps blocks of sources that feed stateful steps; an outbox record that owns its
// events has the same form. Rows; a field that equals the row before is left out; zstd does the
// rest.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "core/event.h"
#include "core/result.h"

namespace sluice {

enum class TimeQuality : std::uint8_t {
  unknown,       // nobody says that the box's clock is right
  synchronised,  // the kernel's clock is disciplined (NTP, PTP)
};

// What the engine knew when it made the beat. Replay gets its time from here, never from a clock.
struct BlockHeader {
  std::uint64_t block = 0;    // 1, 2, 3 ... in this store; also counts beats without a journal
  std::uint32_t epoch = 0;    // the configuration in force
  std::uint64_t boot_id = 0;  // tells whether two monotonic times can be compared
  Duration monotonic{};
  Timestamp wall{};
  TimeQuality time_quality = TimeQuality::unknown;
  bool was_backpressured = false;  // we ourselves held the sources back since the last beat
  EngineTime engine_time{};
  std::uint64_t next_sequence =
      0;  // after this beat: sequences of received events are never given twice
  std::uint64_t output_digest = 0;  // over the outputs that the pipelines gave; replay compares
  std::string gateway;              // [gateway] name: part of each event's source
};

std::string encode_block(const BlockHeader& header, std::span<const Event* const> events);

struct Block {
  BlockHeader header;
  std::vector<Event> events;
};

// The block again; texts lie in `raw` and `arena`. `data` of an event that keeps its payload is
// left null: its source's decoder reads it (Decoder::parse).
//   corrupt  not what encode_block wrote
Result<Block> decode_block(std::string_view raw, std::string_view store_id, Arena& arena);
Result<BlockHeader> decode_block_header(std::string_view raw);

// The texts that received events carry, made from what is stored: "<store id>/<sequence>" and
// "//<gateway>/<source name>/<sender>".
std::string_view make_event_id(std::string_view store_id, std::uint64_t sequence, Arena& arena);
std::string_view make_event_source(std::string_view gateway, std::string_view source_name,
                                   std::string_view sender, Arena& arena);

// The binary form of one event's own fields (no header): for output digests and dead letters.
void append_event(std::string& out, const Event& event, const Event& previous);

}  // namespace sluice
