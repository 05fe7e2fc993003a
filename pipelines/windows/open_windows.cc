#include "pipelines/windows/open_windows.h"

#include <algorithm>
#include <utility>

#include "pipelines/saturate.h"

namespace sluice {
namespace {

Timestamp start_of(const OpenWindow& window) { return window.span.start; }
Timestamp end_of(const OpenWindow& window) { return window.span.end; }

}  // namespace

std::vector<OpenWindow>::iterator OpenWindows::first_not_before(Timestamp end) {
  return std::ranges::lower_bound(windows_, end, {}, end_of);
}

OpenWindow* OpenWindows::find(Timestamp end) {
  // Most events fall into the latest window.
  if (!windows_.empty() && windows_.back().span.end == end) return &windows_.back();
  const auto found = first_not_before(end);
  return found != windows_.end() && found->span.end == end ? &*found : nullptr;
}

OpenWindow* OpenWindows::find_listed(Timestamp timer, Duration lateness) {
  for (const Timestamp end : {timer, subtract_saturated(timer, lateness)}) {
    const auto found = first_not_before(end);
    if (found != windows_.end() && found->timer == timer) return &*found;
  }
  // At the end of the range of times a timer does not tell the window's end.
  const auto found = std::ranges::find(windows_, timer, &OpenWindow::timer);
  return found == windows_.end() ? nullptr : &*found;
}

bool OpenWindows::has_listed(Timestamp timer) const {
  return std::ranges::find(windows_, timer, &OpenWindow::timer) != windows_.end();
}

OpenWindow* OpenWindows::last_from(Timestamp time) {
  const auto after = std::ranges::upper_bound(windows_, time, {}, start_of);
  return after == windows_.begin() ? nullptr : &*std::prev(after);
}

OpenWindow* OpenWindows::first_after(Timestamp time) {
  const auto after = std::ranges::upper_bound(windows_, time, {}, start_of);
  return after == windows_.end() ? nullptr : &*after;
}

OpenWindow& OpenWindows::open(Span span, Pane pane) {
  return *windows_.insert(first_not_before(span.end),
                          OpenWindow{span, Timestamp::max(), 0, 0, std::move(pane)});
}

OpenWindow OpenWindows::take(OpenWindow* window) {
  OpenWindow taken = std::move(*window);
  windows_.erase(windows_.begin() + (window - windows_.data()));
  if (windows_.capacity() > max_slack * windows_.size()) windows_.shrink_to_fit();
  return taken;
}

void OpenWindows::save(std::string& out) const {
  use.save(out);
  put_varint(out, windows_.size());
  for (const OpenWindow& window : windows_) {
    put_signed(out, window.span.start.time_since_epoch().count());
    put_signed(out, window.span.end.time_since_epoch().count());
    put_signed(out, window.timer.time_since_epoch().count());
    put_varint(out, window.revision);
    put_varint(out, window.news);
    window.pane.save(out);
  }
}

void OpenWindows::load(ByteReader& in, WindowCore& core) {
  use.load(in);
  const std::size_t count = in.count();
  for (std::size_t i = 0; i < count && in.is_ok(); ++i) {
    OpenWindow window;
    window.span.start = Timestamp(Duration(in.signed_varint()));
    window.span.end = Timestamp(Duration(in.signed_varint()));
    window.timer = Timestamp(Duration(in.signed_varint()));
    window.revision = static_cast<std::uint32_t>(in.varint());
    window.news = static_cast<std::uint32_t>(in.varint());
    window.pane = core.load(in);
    const bool is_sorted = windows_.empty() || windows_.back().span.end <= window.span.start;
    if (window.span.start >= window.span.end || !is_sorted) in.fail();
    if (in.is_ok()) windows_.push_back(std::move(window));
  }
}

std::size_t OpenWindows::heap_bytes() const {
  std::size_t bytes = list_bytes();
  for (const OpenWindow& window : windows_) bytes += window.pane.heap_bytes();
  return bytes;
}

}  // namespace sluice
