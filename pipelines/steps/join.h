// join: makes an event of each two, one of either side, that have the same key and lie close in
// time.
//
//   join = { left = "topic[1] == 'door'", right = "topic[1] == 'climate'", key = "topic[0]",
//            within = "10s", left_name = "door", right_name = "climate", unmatched = "left" }
//
//   left     L1 ------ L2
//   right         R1 ---------------- R2        |L1-R1| and |L2-R1| within: two events leave,
//   leaves        L1+R1 L2+R1                   {"door":{...},"climate":{...}}
//
// Sides are conditions on events, so that it does not matter whether they come by one source or by
// several inputs of the pipeline (event.source_name tells those apart). An event that is on both is
// on the left; one that is on neither is dropped, reason "no_side".
//
// An event waits for others until the watermark is more than `within` after its time: it meets each
// one of the other side whose time is at most `within` before or after its own, in whichever order
// they come; one that comes later than the watermark still meets what waits. Pairs leave when the
// second of them comes, in the order in which the first ones came. Then, when its wait is over, an
// event that met none leaves alone (its side is in `unmatched`), or is dropped, reason "unmatched";
// one that met some is dropped, reason "joined". Events whose wait ends by the same watermark leave
// in the order of their times. The wait ends early, counted as "early", when a key has more than
// `max_events` (the oldest goes) or more than 256 KiB, or itself goes.
//
// An event with which more than 50'000 pairs would leave in one block, or pairs with more than
// 64 MiB of events that waited, fails, and meets none.
//
// The result is as the left event was (of a right one alone: as that), with both data under their
// names, the later of the two times, and the correlation: that of the left event, or its id; that
// of the right one is its causationid.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "pipelines/steps/keyed_step.h"

namespace sluice {

// Of which side an event that met none leaves alone.
enum class Unmatched : std::uint8_t { none, left, right, both };

struct JoinConfig {
  static constexpr std::uint32_t most_events = 1000;
  static constexpr std::uint64_t most_pairs_of_block = 50'000;
  static constexpr std::uint64_t most_pair_bytes_of_block = std::uint64_t{64} << 20;

  KeyedConfig keyed;
  std::string left;  // conditions
  std::string right;
  std::string left_name = "left";
  std::string right_name = "right";
  Duration within{};  // not negative
  Unmatched unmatched = Unmatched::none;
  std::uint32_t max_events = 100;  // of a key that wait; 1 to most_events
};

// Fields named in errors: "key", "max_keys", "left", "right", "left_name", "right_name", "within",
// "max_events".
StepOrErrors make_join(const JoinConfig& config);

}  // namespace sluice
