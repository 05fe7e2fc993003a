// Span: the time that a window covers, [start, end): an event at `end` is in the next one.
#pragma once

#include "core/clock.h"

namespace sluice {

struct Span {
  Timestamp start{};
  Timestamp end{};

  bool contains(Timestamp time) const { return start <= time && time < end; }
  bool operator==(const Span&) const = default;
};

// The tumbling window that holds `time`: windows of `size` side by side, one of which starts at
// `offset` after the epoch. `size` > 0. At the ends of the range of times (1678 and 2262) a window
// ends with the range.
Span tumbling_span(Timestamp time, Duration size, Duration offset);

}  // namespace sluice
