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

// SpanRule: which window a time falls into, where that follows from the time alone. No two windows
// overlap.
class SpanRule {
 public:
  virtual ~SpanRule() = default;
  virtual Span span_of(Timestamp time) const = 0;
};

class TumblingSpans final : public SpanRule {
 public:
  TumblingSpans(Duration size, Duration offset) : size_(size), offset_(offset) {}
  Span span_of(Timestamp time) const override { return tumbling_span(time, size_, offset_); }

 private:
  const Duration size_;
  const Duration offset_;
};

// One window for all time. It never ends.
class GlobalSpan final : public SpanRule {
 public:
  Span span_of(Timestamp) const override { return {Timestamp::min(), Timestamp::max()}; }
};

}  // namespace sluice
