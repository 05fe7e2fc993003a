// GapEvent: how a gap is told upstream, in its place in the order: an event of type "sluice.gap".
#pragma once

#include <array>
#include <string>

#include "core/event.h"
#include "storage/outbox.h"

namespace sluice {

class GapEvent {
 public:
  // `sequence` is the gap's place in its lane.
  GapEvent(std::string_view store_id, std::uint64_t sequence, const Gap& gap,
           const BlockHeader& header)
      : id_(std::string(store_id) + "/gap-" + std::to_string(sequence)),
        source_("//" + header.gateway),
        wall_(header.wall),
        reason_(gap.reason),
        entries_{{{Value::string("events"), Value::integer(static_cast<std::int64_t>(gap.events))},
                  {Value::string("from"), time_of(gap.from)},
                  {Value::string("to"), time_of(gap.to)},
                  {Value::string("reason"), Value::string(reason_)}}} {}
  GapEvent(const GapEvent&) = delete;
  GapEvent& operator=(const GapEvent&) = delete;

  // Its texts live as long as this.
  Event event() const {
    Event event;
    event.id = id_;
    event.source = source_;
    event.type = "sluice.gap";
    event.time = wall_;
    event.data = Value::map(entries_);
    event.is_unchanged = false;
    return event;
  }

 private:
  static Value time_of(Timestamp time) {
    return time == Timestamp{} ? Value::null() : Value::timestamp(time);
  }

  const std::string id_;
  const std::string source_;
  const Timestamp wall_;
  const std::string reason_;
  const std::array<MapEntry, 4> entries_;
};

}  // namespace sluice
