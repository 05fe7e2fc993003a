// Changes that a person asks for: events that go upstream again, dead letters that go or come back.
// Each adds to a batch and to the positions; who commits it is the engine, or a tool on a store
// that no gateway owns.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/block.h"
#include "storage/dead_letters.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/store.h"

namespace sluice {

// Which dead letters: "all", or numbers and ranges, "12,15-20".
struct LetterChoice {
  bool is_all = false;
  std::set<std::uint64_t> numbers;
  bool has(std::uint64_t number) const { return is_all || numbers.contains(number); }
};
//   bad_input  it is no such text
Result<LetterChoice> parse_letter_choice(std::string_view text);

// The lane of a sink that goes upstream last.
//   bad_input  the store does not know the sink, or it has no lane
Result<LaneId> last_lane_of(const Head& head, std::string_view sink);

// Appends the events of an encoded block to a lane, as they are: with their ids, so that a receiver
// can drop what it has. Gives their number.
//   bad_input  it is no block
Result<std::uint64_t> add_events(WriteBatch& batch, FrameCodec& codec, Head& head, LaneId lane,
                                 const BlockHeader& now, std::string_view block,
                                 std::string_view store_id);

struct LetterChange {
  std::uint64_t changed = 0;
  std::vector<std::uint64_t> not_now;  // need a running gateway: they were refused before a sink
};
// Takes the letters away.
Result<LetterChange> drop_letters(const Store& store, WriteBatch& batch, FrameCodec& codec,
                                  Head& head, std::string_view store_id,
                                  const LetterChoice& choice);
// Puts those that a sink refused into its outbox again and takes them away.
Result<LetterChange> retry_letters(const Store& store, WriteBatch& batch, FrameCodec& codec,
                                   Head& head, std::string_view store_id,
                                   const LetterChoice& choice, const BlockHeader& now);

// The sink that refused this letter; empty: it never came so far.
std::string_view sink_of_letter(const DeadLetter& letter);

}  // namespace sluice
