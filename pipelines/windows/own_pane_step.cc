#include "pipelines/windows/own_pane_step.h"

#include <algorithm>

#include "core/bytes.h"

namespace sluice {
namespace {

std::uint32_t add_news(std::uint32_t a, std::uint32_t b) {
  return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

}  // namespace

OwnPaneStep::OwnPaneStep(std::unique_ptr<SpanRule> spans, const Rules& rules, WindowCore core)
    : spans_(std::move(spans)), rules_(rules), core_(std::move(core)) {}

void OwnPaneStep::process(std::span<Event* const> events, StepOutput& out) {
  for (Event* event : events) take(event, out);
  core_.report_left_out(out);
}

void OwnPaneStep::take(Event* event, StepOutput& out) {
  if (rules_.late_by_event && event->time < header_.watermark)
    return out.emit_to(late_output, event);
  if (!rules_.session) {
    if (!latest_span_.contains(event->time)) latest_span_ = spans_->span_of(event->time);
    if (is_closed(latest_span_.end)) return out.emit_to(late_output, event);
  }
  const auto key = core_.read_key(event, out);
  if (!key) return;
  Slot slot = keys_.find(*key);
  SessionPlace place = place_of(slot, event->time);
  if (is_closed(place.span.end)) return out.emit_to(late_output, event);
  const auto values = core_.read_values(event, out);
  if (!values) return;

  const bool is_new = place.before == nullptr && place.behind == nullptr;
  if (is_new && windows_ >= rules_.max_windows) return out.drop(*event, "max_windows");
  if (slot == Keys::none) slot = keys_.find_or_add(*key, rules_.max_keys);
  if (slot == Keys::none) return out.drop(*event, "max_keys");
  OpenWindow& window = is_new ? open(slot, place.span) : grow(slot, place);
  core_.add(window.pane, *values, event->time);
  window.news = add_news(window.news, 1);
  header_.newest = std::max(header_.newest, event->time);
  schedule(slot, window);
}

// Of a window that does not grow: the one that is open, as `before`.
SessionPlace OwnPaneStep::place_of(Slot slot, Timestamp time) {
  if (rules_.session) {
    OpenWindows nothing;
    return find_session(slot == Keys::none ? nothing : keys_.edit(slot), *rules_.session, time);
  }
  OpenWindow* const window = slot == Keys::none ? nullptr : keys_.edit(slot).find(latest_span_.end);
  return {window, nullptr, latest_span_};
}

OpenWindow& OwnPaneStep::open(Slot slot, const Span& span) {
  OpenWindows& windows = keys_.edit(slot);
  list_bytes_ -= windows.list_bytes();
  OpenWindow& window = windows.open(span, core_.open());
  list_bytes_ += windows.list_bytes();
  ++windows_;
  list(slot, window, span.end <= header_.watermark ? closes_at(span.end) : span.end);
  return window;
}

// The open window of `place`, or the one that its two become.
OpenWindow& OwnPaneStep::grow(Slot slot, const SessionPlace& place) {
  OpenWindow& window = place.before != nullptr ? *place.before : *place.behind;
  if (place.before != nullptr && place.behind != nullptr) {
    OpenWindow other = keys_.edit(slot).take(place.behind);
    core_.merge(window.pane, other.pane);
    core_.close(std::move(other.pane));
    window.revision = std::max(window.revision, other.revision);
    window.news = add_news(window.news, other.news);
    --windows_;
  }
  window.span = place.span;
  return window;
}

// Sees to it that a window which got news is looked at in time.
void OwnPaneStep::schedule(Slot slot, OpenWindow& window) {
  const Timestamp end = window.span.end;
  if (end <= header_.watermark) {
    late_.emplace_back(end, slot);
    if (window.timer > closes_at(end)) list(slot, window, closes_at(end));
    return;
  }
  if (window.timer > end) list(slot, window, end);
  if (rules_.early > Duration{0} && window.news == 1) note_news(slot);
  if (rules_.early_count > 0 && window.news >= rules_.early_count) full_.push_back(slot);
}

// A key whose windows come and go within `early` is noted again and again.
void OwnPaneStep::note_news(Slot slot) {
  news_.push_back(slot);
  if (news_.size() < news_limit_) return;
  std::ranges::sort(news_);
  const auto repeated = std::ranges::unique(news_);
  news_.erase(repeated.begin(), repeated.end());
  news_limit_ = std::max<std::size_t>(1024, 2 * news_.size());
}

void OwnPaneStep::list(Slot slot, OpenWindow& window, Timestamp timer) {
  window.timer = timer;
  timers_[timer].push_back(slot);
  ++listed_;
}

void OwnPaneStep::advance_watermark(Timestamp watermark, StepOutput& out) {
  header_.watermark = std::max(header_.watermark, watermark);
  fire_late(out);
  while (!timers_.empty() && timers_.begin()->first <= header_.watermark) {
    const Timestamp timer = timers_.begin()->first;
    std::vector<Slot> slots = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    listed_ -= slots.size();
    std::ranges::sort(slots, {}, [this](Slot slot) { return keys_.key(slot); });
    for (const Slot slot : slots) look_at(slot, timer, out);
  }
}

// A timer is under the window's end or behind it; a session that grew is past its timer.
void OwnPaneStep::look_at(Slot slot, Timestamp timer, StepOutput& out) {
  OpenWindow* const window = keys_.edit(slot).find_listed(timer, rules_.lateness);
  if (window == nullptr) return;  // it became part of another, or is listed elsewhere
  const Timestamp end = window->span.end;
  if (timer < end) return list(slot, *window, end);
  if (timer == end) {
    // What came early is told again at the end, so that one result is known to be complete.
    const bool was_told = window->revision > 0 && rules_.accumulating;
    if (window->news > 0 || was_told) fire(slot, *window, false, out);
  }
  if (is_closed(end)) {
    close(slot, window);
  } else {
    list(slot, *window, closes_at(end));
  }
}

void OwnPaneStep::fire(Slot slot, OpenWindow& window, bool is_early, StepOutput& out) {
  ResultFrame frame{window.span, window.span.end, window.revision, is_early};
  if (!rules_.has_bounds) {
    frame.span.reset();
    frame.time = header_.newest;
  }
  out.emit(core_.result(keys_.key(slot), frame, window.pane, out.arena()));
  ++window.revision;
  window.news = 0;
  if (!rules_.accumulating && !is_closed(window.span.end)) core_.clear(window.pane);
}

void OwnPaneStep::fire_late(StepOutput& out) {
  sort(late_);
  for (const auto& [end, slot] : std::exchange(late_, {})) {
    OpenWindow* const window = keys_.edit(slot).find(end);
    if (window != nullptr && window->news > 0) fire(slot, *window, false, out);
  }
}

void OwnPaneStep::advance_time(EngineTime now, StepOutput& out) {
  fire_early(std::exchange(full_, {}), rules_.early_count, out);
  if (!header_.news_since) {
    if (news_.empty()) return;
    header_.news_since = now;
  }
  if (now - *header_.news_since < rules_.early) return;
  fire_early(std::exchange(news_, {}), 1, out);
  header_.news_since.reset();
}

std::optional<EngineTime> OwnPaneStep::next_timer() const {
  if (!header_.news_since) return std::nullopt;
  return *header_.news_since + rules_.early;
}

// The windows of these keys before the watermark that have so many news.
void OwnPaneStep::fire_early(const std::vector<Slot>& slots, std::uint32_t least_news,
                             StepOutput& out) {
  std::vector<EndAndSlot> due;
  for (const Slot slot : slots) {
    for (const OpenWindow& window : keys_.edit(slot).all()) {
      const Timestamp end = window.span.end;
      if (end > header_.watermark && window.news >= least_news) due.emplace_back(end, slot);
    }
  }
  sort(due);
  for (const auto& [end, slot] : due) {
    OpenWindow& window = *keys_.edit(slot).find(end);
    if (window.news >= least_news) fire(slot, window, true, out);
  }
}

void OwnPaneStep::sort(std::vector<EndAndSlot>& due) const {
  std::ranges::sort(due, {}, [this](const EndAndSlot& entry) {
    return std::pair(entry.first, keys_.key(entry.second));
  });
}

void OwnPaneStep::close(Slot slot, OpenWindow* window) {
  OpenWindows& windows = keys_.edit(slot);
  core_.close(windows.take(window).pane);
  --windows_;
  if (!windows.empty()) return;
  list_bytes_ -= windows.list_bytes();
  keys_.erase(slot);
}

void OwnPaneStep::Header::save(std::string& out) const {
  put_signed(out, watermark.time_since_epoch().count());
  put_signed(out, newest.time_since_epoch().count());
  put_fixed<std::uint8_t>(out, news_since.has_value() ? 1 : 0);
  if (news_since) put_signed(out, static_cast<std::int64_t>(*news_since));
}

void OwnPaneStep::Header::load(ByteReader& in) {
  watermark = Timestamp(Duration(in.signed_varint()));
  newest = Timestamp(Duration(in.signed_varint()));
  if (in.fixed<std::uint8_t>() != 0) news_since = EngineTime{in.signed_varint()};
}

void OwnPaneStep::begin_snapshot() {
  keys_.begin_snapshot();
  std::string header;
  header_.save(header);
  slice_header_.begin(std::move(header));
}

bool OwnPaneStep::save_slice(std::size_t max_bytes, std::string& out) {
  slice_header_.put(out);
  return keys_.save_slice(max_bytes, out);
}

Result<void> OwnPaneStep::load_slice(std::string_view slice) {
  const SliceHeader::Taken taken = TRY(SliceHeader::take(slice));
  if (taken.header) {
    ByteReader in(*taken.header);
    header_.load(in);
    if (!in.is_ok() || !in.at_end()) return SliceHeader::damaged();
  }
  return keys_.load_slice(taken.records, [this](Slot slot, OpenWindows& windows, ByteReader& in) {
    windows.load(in, core_);
    for (OpenWindow& window : windows.all()) {
      ++windows_;
      const bool is_behind = window.span.end <= header_.watermark;
      list(slot, window, is_behind ? closes_at(window.span.end) : window.span.end);
      if (window.news == 0) continue;
      if (is_behind) late_.emplace_back(window.span.end, slot);
      if (!is_behind && rules_.early > Duration{0}) note_news(slot);
    }
    list_bytes_ += windows.list_bytes();
  });
}

std::size_t OwnPaneStep::memory_bytes() const {
  constexpr std::size_t map_node = sizeof(decltype(timers_)::value_type) + 4 * sizeof(void*);
  return sizeof(*this) + keys_.memory_bytes() + core_.pane_bytes() + list_bytes_ +
         listed_ * sizeof(Slot) + timers_.size() * map_node +
         (news_.capacity() + full_.capacity()) * sizeof(Slot);
}

}  // namespace sluice
