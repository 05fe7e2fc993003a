#include "pipelines/windows/shared_panes.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {
namespace {

Timestamp start_of(const SharedPane& pane) { return pane.span.start; }

}  // namespace

std::vector<SharedPane>::const_iterator SharedPanes::lower_bound(Timestamp start) const {
  const auto first = panes_.begin() + static_cast<std::ptrdiff_t>(gone_);
  // Mostly it is one of the ends that is looked for, and a search between them would touch much.
  if (first == panes_.end() || start <= first->span.start) return first;
  if (start > panes_.back().span.start) return panes_.end();
  return std::ranges::lower_bound(first, panes_.end(), start, {}, start_of);
}

Pane* SharedPanes::find(const Span& span) {
  // Most events fall into the latest pane.
  if (!empty() && panes_.back().span == span) return &panes_.back().pane;
  const auto found = lower_bound(span.start);
  const bool is_there = found != panes_.end() && found->span == span;
  return is_there ? &panes_[static_cast<std::size_t>(found - panes_.begin())].pane : nullptr;
}

Pane& SharedPanes::open(Span span, Pane pane) {
  if (panes_.size() == panes_.capacity() && gone_ >= all().size() / 4) move_to_front();
  return panes_.insert(lower_bound(span.start), SharedPane{span, std::move(pane)})->pane;
}

void SharedPanes::move_to_front() {
  panes_.erase(panes_.begin(), panes_.begin() + static_cast<std::ptrdiff_t>(gone_));
  gone_ = 0;
}

std::span<const SharedPane> SharedPanes::in(const Span& span) const {
  return {lower_bound(span.start), lower_bound(span.end)};
}

const SharedPane* SharedPanes::first_from(Timestamp start) const {
  const auto found = lower_bound(start);
  return found == panes_.end() ? nullptr : &*found;
}

void SharedPanes::close_front(std::size_t count, WindowCore& core) {
  for (; count > 0; --count) core.close(std::move(panes_[gone_++].pane));
  if (panes_.capacity() <= max_slack * all().size()) return;
  move_to_front();
  panes_.shrink_to_fit();
}

ToldWindow* SharedPanes::find_told(Timestamp end) {
  const auto found = std::ranges::lower_bound(told_, end, {}, &ToldWindow::end);
  return found != told_.end() && found->end == end ? &*found : nullptr;
}

ToldWindow& SharedPanes::told(Timestamp end) {
  const auto place = std::ranges::lower_bound(told_, end, {}, &ToldWindow::end);
  if (place != told_.end() && place->end == end) return *place;
  return *told_.insert(place, ToldWindow{end, 0, false, std::nullopt});
}

void SharedPanes::save(std::string& out) const {
  put_varint(out, all().size());
  for (const SharedPane& pane : all()) {
    put_signed(out, pane.span.start.time_since_epoch().count());
    put_signed(out, pane.span.end.time_since_epoch().count());
    pane.pane.save(out);
  }
  put_varint(out, told_.size());
  for (const ToldWindow& window : told_) {
    put_signed(out, window.end.time_since_epoch().count());
    put_varint(out, window.revision);
    put_fixed<std::uint8_t>(out, window.has_news ? 1 : 0);
    put_fixed<std::uint8_t>(out, window.news ? 1 : 0);
    if (window.news) window.news->save(out);
  }
}

void SharedPanes::load(ByteReader& in, WindowCore& core) {
  const std::size_t panes = in.count();
  for (std::size_t i = 0; i < panes && in.is_ok(); ++i) {
    SharedPane pane;
    pane.span.start = Timestamp(Duration(in.signed_varint()));
    pane.span.end = Timestamp(Duration(in.signed_varint()));
    pane.pane = core.load(in);
    const bool is_sorted = panes_.empty() || panes_.back().span.end <= pane.span.start;
    if (pane.span.start >= pane.span.end || !is_sorted) in.fail();
    if (in.is_ok()) panes_.push_back(std::move(pane));
  }
  const std::size_t told = in.count();
  for (std::size_t i = 0; i < told && in.is_ok(); ++i) {
    ToldWindow window;
    window.end = Timestamp(Duration(in.signed_varint()));
    window.revision = static_cast<std::uint32_t>(in.varint());
    window.has_news = in.fixed<std::uint8_t>() != 0;
    if (in.fixed<std::uint8_t>() != 0) window.news = core.load(in);
    if (!told_.empty() && told_.back().end >= window.end) in.fail();
    if (in.is_ok()) told_.push_back(std::move(window));
  }
  if (panes == 0) in.fail();
}

std::size_t SharedPanes::heap_bytes() const {
  std::size_t bytes = list_bytes();
  for (const SharedPane& pane : all()) bytes += pane.pane.heap_bytes();
  for (const ToldWindow& window : told_) bytes += window.news ? window.news->heap_bytes() : 0;
  return bytes;
}

}  // namespace sluice
