#include "pipelines/windows/pane_layout.h"

#include <algorithm>

#include "pipelines/saturate.h"

namespace sluice {
namespace {

constexpr Duration instant{1};

// The border lies at a multiple of `apart`, which is at least as long as the window.
Timestamp last_border(const Span& window, Duration apart, Duration offset) {
  return std::max(window.start, tumbling_span(window.end - instant, apart, offset).start);
}

}  // namespace

Span HoppingLayout::pane_of(Timestamp time) const {
  const Span hop = tumbling_span(time, every_, offset_);
  const Duration cut = size_ < every_ ? size_ : size_ % every_;
  if (cut == Duration{0}) return hop;
  const Timestamp middle = add_saturated(hop.start, cut);
  return time < middle ? Span{hop.start, middle} : Span{middle, hop.end};
}

Timestamp HoppingLayout::first_end(const Span& pane) const {
  return end_behind(pane.end - instant);
}

Timestamp HoppingLayout::last_end(const Span& pane) const {
  return add_saturated(tumbling_span(pane.start, every_, offset_).start, size_);
}

Span HoppingLayout::window(Timestamp end) const { return {subtract_saturated(end, size_), end}; }

// At a window's start, so that it is a pane's too.
Timestamp HoppingLayout::border(const Span& window) const {
  const auto hops = (size_ + every_ - instant) / every_;
  return last_border(window, hops * every_, offset_);
}

Timestamp HoppingLayout::next_end(const SharedPanes& panes, Timestamp behind) const {
  const Timestamp end = end_behind(behind);
  const SharedPane* const pane = panes.first_from(window(end).start);
  return pane == nullptr ? SharedPanes::none : std::max(end, first_end(pane->span));
}

// Ends lie `every` apart, as starts do.
Timestamp HoppingLayout::end_behind(Timestamp time) const {
  return tumbling_span(time, every_, offset_ + size_ % every_).end;
}

Span SlidingLayout::pane_of(Timestamp time) const { return {time, add_saturated(time, instant)}; }

Timestamp SlidingLayout::last_end(const Span& pane) const { return add_saturated(pane.end, size_); }

Span SlidingLayout::window(Timestamp end) const {
  return {subtract_saturated(end - instant, size_), end};
}

PaneLayout::Told HoppingLayout::most_told(Duration lateness) const {
  if (lateness == Duration{0}) return {};
  constexpr std::int64_t no_more = 5'000'000;  // more than any memory holds
  return {static_cast<std::size_t>(std::min(lateness / every_ + 2, no_more)), 0};
}

PaneLayout::Told SlidingLayout::most_told(Duration lateness) const {
  return {0, lateness == Duration{0} ? std::size_t{0} : std::size_t{1}};
}

Timestamp SlidingLayout::border(const Span& window) const {
  return last_border(window, size_ + instant, Duration{0});
}

Span SlidingLayout::shown(Timestamp end) const { return {window(end).start, end - instant}; }

Timestamp SlidingLayout::next_end(const SharedPanes& panes, Timestamp behind) const {
  // A pane [t, t + 1 ns) ends behind this time when it starts there or later.
  const SharedPane* const pane = panes.first_from(behind);
  return pane == nullptr ? SharedPanes::none : pane->span.end;
}

}  // namespace sluice
