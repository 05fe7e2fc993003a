// Intervals: a set of sequences as a short sorted list of half-open ranges. What a sink has
// acknowledged; one range when shipping is in order.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice {

struct Interval {
  std::uint64_t first;
  std::uint64_t end;  // exclusive
  bool operator==(const Interval&) const = default;
};

class Intervals {
 public:
  Intervals() = default;
  explicit Intervals(std::vector<Interval> ranges) : ranges_(std::move(ranges)) {}

  // Adds [first, end), joining what it touches.
  void add(std::uint64_t first, std::uint64_t end) {
    if (first >= end) return;
    std::vector<Interval> joined;
    joined.reserve(ranges_.size() + 1);
    bool is_placed = false;
    for (const Interval& range : ranges_) {
      if (range.end < first) {
        joined.push_back(range);
      } else if (end < range.first) {
        if (!is_placed) joined.push_back({first, end});
        is_placed = true;
        joined.push_back(range);
      } else {
        first = range.first < first ? range.first : first;
        end = range.end > end ? range.end : end;
      }
    }
    if (!is_placed) joined.push_back({first, end});
    ranges_ = std::move(joined);
  }

  // Where the set that starts at or before `from` without a gap ends; `from` when it does not hold
  // it.
  std::uint64_t contiguous_end(std::uint64_t from) const {
    for (const Interval& range : ranges_) {
      if (range.first <= from && from < range.end) return range.end;
    }
    return from;
  }

  // Forgets all below `end`.
  void drop_before(std::uint64_t end) {
    std::vector<Interval> kept;
    for (Interval range : ranges_) {
      if (range.end <= end) continue;
      if (range.first < end) range.first = end;
      kept.push_back(range);
    }
    ranges_ = std::move(kept);
  }

  const std::vector<Interval>& ranges() const { return ranges_; }

 private:
  std::vector<Interval> ranges_;  // sorted, apart from each other
};

}  // namespace sluice
