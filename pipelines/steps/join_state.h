// What a join remembers of a key: the events that wait. Part of join.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "pipelines/steps/held_event.h"

namespace sluice {

enum class JoinSide : std::uint8_t { left, right };

struct WaitingEvent {
  HeldEvent event;
  Timestamp time{};
  std::uint64_t arrival = 0;  // counts over all keys
  JoinSide side = JoinSide::left;
  bool is_matched = false;
};

// In the order of their arrival.
struct WaitingEvents {
  static constexpr std::size_t max_events_bytes = std::size_t{256} << 10;  // beyond the newest
  static constexpr std::size_t max_count = 1000;
  // A vector holds up to twice the room it needs.
  static constexpr std::size_t max_heap_bytes =
      max_events_bytes + HeldEvent::max_heap_bytes + 2 * (max_count + 1) * sizeof(WaitingEvent);

  std::vector<WaitingEvent> events;
  std::size_t event_bytes = 0;  // of all held events

  void add(WaitingEvent event) {
    event_bytes += event.event.heap_bytes();
    events.push_back(std::move(event));
  }
  void remove(std::size_t index) {
    event_bytes -= events[index].event.heap_bytes();
    events.erase(events.begin() + static_cast<std::ptrdiff_t>(index));
  }
  Timestamp earliest() const {
    return std::ranges::min_element(events, {}, &WaitingEvent::time)->time;
  }

  void save(std::string& out) const {
    put_varint(out, events.size());
    for (const WaitingEvent& waiting : events) {
      waiting.event.save(out);
      put_signed(out, waiting.time.time_since_epoch().count());
      put_varint(out, waiting.arrival);
      put_varint(out, static_cast<std::uint64_t>(waiting.side));
      put_varint(out, waiting.is_matched ? 1 : 0);
    }
  }
  void load(ByteReader& in) {
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.is_ok(); ++i) {
      WaitingEvent waiting;
      waiting.event.load(in);
      waiting.time = Timestamp(Duration(in.signed_varint()));
      waiting.arrival = in.varint();
      waiting.side = in.varint() == 0 ? JoinSide::left : JoinSide::right;
      waiting.is_matched = in.varint() != 0;
      if (waiting.event.is_empty()) in.fail();
      add(std::move(waiting));
    }
    if (events.empty() || count > max_count) in.fail();
  }
  std::size_t heap_bytes() const { return events.capacity() * sizeof(WaitingEvent) + event_bytes; }
};

}  // namespace sluice
