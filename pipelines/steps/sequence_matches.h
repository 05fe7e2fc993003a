// OpenMatches: the matches of one key that a `sequence` step has not ended. The Entry of its
// BoundedKeys.
//
//   OpenMatch   a ---- b ---- (c is awaited)      events: [ time, data | time, data ]
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/event.h"

namespace sluice {

struct OpenMatch {
  std::uint64_t number = 0;  // in its step, in the order in which matches began
  Timestamp start{};         // time of its first event
  Timestamp last{};          // of its last
  std::uint32_t taken = 0;   // events; at least one
  std::string events;        // as append_event() writes them

  void take(Timestamp time, std::string_view event);
};

// What a match keeps of an event: its time and data.
void append_event(std::string& out, const Event& event);
struct MatchedEvent {
  Timestamp time{};
  Value data;
};
// Fails the reader when its bytes are none.
MatchedEvent read_event(ByteReader& in, Arena& arena);

struct OpenMatches {
  static constexpr std::size_t max_event_bytes = std::size_t{64} << 10;  // of all, for one key
  static constexpr std::size_t max_heap_bytes = 2 * max_event_bytes + (std::size_t{32} << 10);
  // What the step has beside for each: a place in its list of deadlines.
  static constexpr std::size_t listed_bytes = 80;

  std::vector<OpenMatch> all;  // in the order of their numbers

  std::size_t event_bytes() const;

  void save(std::string& out) const;
  // Reads what save() wrote; fails the reader when that makes no sense.
  void load(ByteReader& in);
  std::size_t heap_bytes() const;
};

}  // namespace sluice
