// Panes: a summary of the last samples of a key, or of those of the last time, in little memory.
//
//   oldest [ pane | pane | ... | pane | open pane ]   at most 32; the window moves by a whole pane
//          '------- closed(), merged once --------'
//
// By count, a pane holds a 32nd of the window's samples (one, if there are fewer than 32). By time,
// it holds those of a 32nd of the window's length, counted from 1970; a sample that is older than
// the open pane counts as one of the open pane, and one that is older by a whole window begins
// anew: the times before it were wrong.
//
// Part is Moments or Extent (moments.h).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"

namespace sluice {

inline constexpr std::uint32_t most_panes = 32;

// How a window is cut. One of the two is zero.
struct PaneRule {
  std::uint32_t panes = most_panes;
  std::uint32_t samples = 0;  // in a pane
  Duration length{0};         // of a pane

  static PaneRule of_samples(std::uint32_t samples) {
    const std::uint32_t panes = std::clamp<std::uint32_t>(samples, 1, most_panes);
    return {panes, std::max<std::uint32_t>(samples / panes, 1), Duration{0}};
  }
  static PaneRule of_time(Duration window) {
    return {most_panes, 0, std::max(window / most_panes, Duration{1})};
  }
};

template <typename Part>
class Panes {
 public:
  // Of all panes.
  Part whole() const {
    Part whole = closed_;
    if (!panes_.empty()) whole.merge(panes_.back().part);
    return whole;
  }

  void add(double value, Timestamp time, const PaneRule& rule) {
    const std::int64_t number = rule.samples > 0 ? next_number(rule) : number_at(time, rule);
    if (panes_.empty() || number > panes_.back().number) open(number, rule);
    panes_.back().part.add(value);
  }

  void save(std::string& out) const {
    put_varint(out, panes_.size());
    for (const Pane& pane : panes_) {
      put_signed(out, pane.number);
      pane.part.save(out);
    }
  }
  void load(ByteReader& in) {
    const std::size_t count = in.count();
    if (count > most_panes) in.fail();
    if (!in.is_ok()) return;
    panes_.resize(count);
    for (Pane& pane : panes_) {
      pane.number = in.signed_varint();
      pane.part.load(in);
    }
    merge_closed();
  }
  static constexpr std::size_t max_heap_bytes = 2 * most_panes * (sizeof(Part) + 8);
  std::size_t heap_bytes() const { return panes_.capacity() * sizeof(Pane); }

 private:
  struct Pane {
    std::int64_t number = 0;  // grows; by time, the pane's place since 1970
    Part part;
  };
  static_assert(sizeof(Pane) == sizeof(Part) + 8);

  std::int64_t next_number(const PaneRule& rule) const {
    if (panes_.empty()) return 0;
    const Pane& last = panes_.back();
    return last.part.count() < static_cast<double>(rule.samples) ? last.number : last.number + 1;
  }
  // Clears all when the time is a whole window back.
  std::int64_t number_at(Timestamp time, const PaneRule& rule) {
    const std::int64_t nanos = time.time_since_epoch().count();
    const std::int64_t length = rule.length.count();
    const std::int64_t number = nanos / length - (nanos % length < 0 ? 1 : 0);
    if (!panes_.empty() && number < panes_.back().number &&
        panes_.back().number - number > static_cast<std::int64_t>(rule.panes)) {
      panes_.clear();
    }
    return number;
  }
  void open(std::int64_t number, const PaneRule& rule) {
    const auto is_over = [&](const Pane& pane) {
      return pane.number < number - static_cast<std::int64_t>(rule.panes) + 1;
    };
    std::erase_if(panes_, is_over);
    panes_.push_back({number, {}});
    merge_closed();
  }
  void merge_closed() {
    closed_ = {};
    for (std::size_t i = 0; i + 1 < panes_.size(); ++i) closed_.merge(panes_[i].part);
  }

  std::vector<Pane> panes_;
  Part closed_;  // all but the last, merged; not saved
};

}  // namespace sluice
