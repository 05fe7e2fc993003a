// SortBuffer: the events that a `sort` step holds, in the order in which they leave.
//
//   hold(position, event) --> [ first | ... | ... ] --> take_first()
//                               by time, then by arrival
//
// A snapshot is what was held when it began. Held events never change, so copy on write is simple:
// one that leaves before its slice was written is moved aside, whole. Owned by one step.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/result.h"
#include "pipelines/steps/held_event.h"

namespace sluice {

// The place of an event in the order.
struct SortPosition {
  Timestamp time{};
  std::uint64_t arrival = 0;  // number of the event in its step; never twice
  auto operator<=>(const SortPosition&) const = default;
};

class SortBuffer {
 public:
  std::size_t size() const { return events_.size(); }

  // There must be one.
  const SortPosition& first() const { return events_.begin()->first; }
  // Takes the first one out; it is then in `arena`.
  Event* take_first(Arena& arena);
  // `came`: engine time of the event's block.
  void hold(const SortPosition& position, HeldEvent event, EngineTime came);

  // When the one came that has been here for longest; nothing: none is.
  std::optional<EngineTime> longest_since() const;

  // --- Snapshot ---

  void begin_snapshot();
  // Appends records of up to about `max_bytes`, at least one if one is left; true when none is.
  bool save_slice(std::size_t max_bytes, std::string& out);
  // Reads the records of one slice. Errors: corrupt.
  Result<void> load_slice(ByteReader& in);

  // With what a running snapshot has set aside, which is at most as much as live_bytes() was.
  std::size_t memory_bytes() const;
  std::size_t live_bytes() const;
  // What live_bytes() grows by at most with one event more.
  static constexpr std::size_t max_event_bytes = HeldEvent::max_heap_bytes + 256;

 private:
  struct Held {
    HeldEvent event;
    EngineTime came{};
  };
  using Events = std::map<SortPosition, Held>;

  bool is_due(const SortPosition& position) const;
  static void append_record(const Events::value_type& held, std::string& out);

  Events events_;
  std::size_t heap_bytes_ = 0;                // of events_
  std::map<EngineTime, std::uint32_t> came_;  // how many of events_ came when

  // The running snapshot: events of arrivals below limit_, in their order up to last_saved_.
  bool is_saving_ = false;
  std::uint64_t limit_ = 0;
  std::optional<SortPosition> last_saved_;
  std::uint64_t next_arrival_ = 0;  // above all that were held
  Events aside_;                    // not written yet, and no longer held
  std::size_t aside_heap_bytes_ = 0;
};

}  // namespace sluice
