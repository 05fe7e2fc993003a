// PaneMerger: merges the panes of windows that overlap, at a price for each window that does not
// grow with the number of its panes.
//
//   panes of a key:     a    b    c | d    e    f | g       | a border: at fixed places, at least
//   before a border:  abc   bc    c |                         the length of a window apart
//   behind it:                      | d   de                grows as windows come that reach
//   further a window:              [ b    c | d    e ]     =  bc + de
//
// So a window costs about three merges. Source of the idea: queues of two stacks, as in
// Tangwongsan, Hirzel and Schneider, "Low-latency sliding-window aggregation in worst-case constant
// time" (2017), here with the stacks' border at fixed places: the order of merging follows from the
// panes and the border alone. What is remembered is therefore no state: it is never saved and may
// be forgotten at any time, and each window has the same bits with and without it.
//
// Owned by one step, and declared behind its WindowCore.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pipelines/windows/window_core.h"

namespace sluice {

class PaneMerger {
 public:
  using Slot = std::uint32_t;

  // A window of one key: its panes in their order, at least one. `Holder` has a `pane`.
  template <typename Holder>
  struct Window {
    std::int64_t border = 0;         // tells this border from others
    std::span<const Holder> before;  // its panes before the border
    std::span<const Holder> behind;  // and those behind it
  };

  explicit PaneMerger(WindowCore& core) : core_(core) {}

  // Calls `use` with the merged pane. Of the same border and key, a call must have a tail of the
  // panes of `before` of the last one, and `behind` begins with the panes that it had: unchanged
  // ones. Else forget() comes in between.
  template <typename Holder, typename Use>
  void merge(Slot slot, const Window<Holder>& window, Use&& use);

  // The same for any window, without remembering anything.
  template <typename Holder, typename Use>
  void merge_once(const Window<Holder>& window, Use&& use);

  // A pane of the key changed that a window may have been merged of, or the key is gone.
  void forget(Slot slot);
  void forget_all();

  // Of all that is remembered.
  std::size_t memory_bytes() const {
    return pane_bytes_ + list_bytes_ + merged_.capacity() * sizeof(Merged);
  }
  // Of its copies of panes, which WindowCore::pane_bytes() counts too.
  std::size_t pane_bytes() const { return pane_bytes_; }

 private:
  // What is remembered of one key.
  struct Merged {
    std::int64_t border = 0;
    std::vector<Pane> before;    // [i]: the last i + 1 panes before the border
    std::optional<Pane> behind;  // the first `behind_count` panes behind it
    std::size_t behind_count = 0;
  };

  template <typename Holder>
  void catch_up(Merged& merged, const Window<Holder>& window);
  // `earlier` and `later` as one, in scratch_.
  const Pane& both(const Pane& earlier, const Pane& later);
  void clear(Merged& merged);

  WindowCore& core_;
  std::vector<Merged> merged_;   // by slot
  std::optional<Pane> scratch_;  // kept, so that not every window makes one
  std::size_t pane_bytes_ = 0;
  std::size_t list_bytes_ = 0;  // of all Merged::before
};

template <typename Holder, typename Use>
void PaneMerger::merge(Slot slot, const Window<Holder>& window, Use&& use) {
  const auto& [border, before, behind] = window;
  if (before.size() + behind.size() == 1) {
    return use(before.empty() ? behind.front().pane : before.front().pane);
  }
  if (slot >= merged_.size()) merged_.resize(std::size_t{slot} + 1);
  Merged& merged = merged_[slot];
  const std::size_t bytes = core_.pane_bytes();
  catch_up(merged, window);
  if (before.empty()) {
    use(std::as_const(*merged.behind));
  } else if (behind.empty()) {
    use(std::as_const(merged.before.back()));
  } else {
    use(both(merged.before.back(), *merged.behind));
  }
  pane_bytes_ += core_.pane_bytes() - bytes;
}

// Makes what is remembered that of this window.
template <typename Holder>
void PaneMerger::catch_up(Merged& merged, const Window<Holder>& window) {
  if (merged.border != window.border) clear(merged);
  merged.border = window.border;
  if (merged.before.empty() && !window.before.empty()) {
    merged.before.reserve(window.before.size());
    list_bytes_ += merged.before.capacity() * sizeof(Pane);
    for (std::size_t i = window.before.size(); i-- > 0;) {
      Pane pane = core_.copy(window.before[i].pane);
      if (!merged.before.empty()) core_.merge(pane, merged.before.back());
      merged.before.push_back(std::move(pane));
    }
  }
  while (merged.before.size() > window.before.size()) {
    core_.close(std::move(merged.before.back()));
    merged.before.pop_back();
  }
  for (const Holder& holder : window.behind.subspan(merged.behind_count)) {
    if (merged.behind) {
      core_.merge(*merged.behind, holder.pane);
    } else {
      merged.behind = core_.copy(holder.pane);
    }
  }
  merged.behind_count = window.behind.size();
}

// The same merges in the same order as in merge().
template <typename Holder, typename Use>
void PaneMerger::merge_once(const Window<Holder>& window, Use&& use) {
  std::optional<Pane> merged;
  for (const Holder& holder : window.behind) {
    if (merged) {
      core_.merge(*merged, holder.pane);
    } else {
      merged = core_.copy(holder.pane);
    }
  }
  std::optional<Pane> before;
  for (std::size_t i = window.before.size(); i-- > 0;) {
    Pane pane = core_.copy(window.before[i].pane);
    if (before) core_.merge(pane, *before);
    if (before) core_.close(*std::move(before));
    before = std::move(pane);
  }
  if (before) {
    if (merged) {
      core_.merge(*before, *merged);
      core_.close(*std::move(merged));
    }
    merged = std::move(before);
  }
  use(std::as_const(*merged));
  core_.close(*std::move(merged));
}

}  // namespace sluice
