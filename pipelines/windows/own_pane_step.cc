#include "pipelines/windows/own_pane_step.h"

#include <algorithm>

#include "core/bytes.h"

namespace sluice {
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
  const std::string_view refused = ages_.make_room(
      rules_.when_full, slot, [&] { return why_refused(*key, slot, is_new); },
      [&](Slot oldest) { leave(oldest, "evicted_keys", out); });
  if (!refused.empty()) return out.drop(*event, refused);
  if (slot == Keys::none) slot = keys_.add(*key);
  if (rules_.has_ages()) keys_.edit(slot).use = ages_.use(slot);
  OpenWindow& window = is_new ? open(slot, place.span) : grow(slot, place);
  core_.add(window.pane, *values, event->time);
  window.add_news(1);
  header_.newest = std::max(header_.newest, event->time);
  schedule(slot, window);
}

// Which bound keeps an event out; empty: none does. `is_new`: it opens a window.
std::string_view OwnPaneStep::why_refused(std::string_view key, Slot slot, bool is_new) const {
  if (is_new && windows_ >= rules_.max_windows) return "max_windows";
  if (slot == Keys::none && keys_.size() >= rules_.max_keys) return "max_keys";
  std::size_t more = core_.max_growth();
  if (slot == Keys::none) more += keys_.bytes_to_add(key) + KeyAges::bytes_of_key;
  if (is_new) {
    more += core_.new_pane_bytes() + OpenWindows::max_slack * sizeof(OpenWindow);
    more += Timers::bytes_to_add();
  }
  const bool has_room = more == 0 || state_bytes() + more <= rules_.max_memory;
  return has_room ? std::string_view{} : "max_memory";
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

OpenWindow& OwnPaneStep::grow(Slot slot, const SessionPlace& place) {
  OpenWindows& windows = keys_.edit(slot);
  list_bytes_ -= windows.list_bytes();
  std::optional<OpenWindow> gone;
  OpenWindow& window = sluice::grow(windows, place, core_, gone);
  list_bytes_ += windows.list_bytes();
  if (!gone) return window;
  unlist(gone->timer);
  --windows_;
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
  const Timestamp before = std::exchange(window.timer, timer);
  if (before != OpenWindow::unlisted) unlist(before);
  timers_.add(timer, slot);
}

// One window less has this timer.
void OwnPaneStep::unlist(Timestamp timer) {
  timers_.remove(timer, [&](Slot other) { return keys_.read(other).has_listed(timer); });
}

void OwnPaneStep::advance_watermark(Timestamp watermark, StepOutput& out) {
  header_.watermark = std::max(header_.watermark, watermark);
  fire_late(out);
  while (!timers_.empty() && *timers_.first() <= header_.watermark) {
    const Timestamp timer = *timers_.first();
    std::vector<Slot> slots = timers_.take_first();
    std::ranges::sort(slots, {}, [this](Slot slot) { return keys_.key(slot); });
    for (const Slot slot : slots) look_at(slot, timer, out);
  }
}

// A timer is under the window's end or behind it; a session that grew is past its timer.
void OwnPaneStep::look_at(Slot slot, Timestamp timer, StepOutput& out) {
  while (OpenWindow* const window = keys_.edit(slot).find_listed(timer, rules_.lateness)) {
    window->timer = OpenWindow::unlisted;
    look_at(slot, *window, timer, out);
  }
}

void OwnPaneStep::look_at(Slot slot, OpenWindow& window, Timestamp timer, StepOutput& out) {
  const Timestamp end = window.span.end;
  if (timer < end) return list(slot, window, end);
  if (timer == end) {
    // What came early is told again at the end, so that one result is known to be complete.
    const bool was_told = window.revision > 0 && rules_.accumulating;
    if (window.news > 0 || was_told) fire(slot, window, false, out);
  }
  if (is_closed(end)) {
    close(slot, &window);
  } else {
    list(slot, window, closes_at(end));
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
  if (!header_.news_since && !news_.empty()) header_.news_since = now;
  if (header_.news_since && now - *header_.news_since >= rules_.early) {
    fire_early(std::exchange(news_, {}), 1, out);
    header_.news_since.reset();
  }
  forget(now, out);
}

std::optional<EngineTime> OwnPaneStep::next_timer() const {
  const std::optional<EngineTime> forgets = next_to_forget();
  if (!header_.news_since) return forgets;
  const EngineTime tells = *header_.news_since + rules_.early;
  return forgets ? std::min(*forgets, tells) : tells;
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
  list_bytes_ -= windows.list_bytes();
  core_.close(windows.take(window).pane);
  list_bytes_ += windows.list_bytes();
  --windows_;
  if (windows.empty()) erase(slot);
}

void OwnPaneStep::erase(Slot slot) {
  if (rules_.has_ages()) ages_.erase(slot);
  keys_.erase(slot);
}

void OwnPaneStep::forget(EngineTime now, StepOutput& out) {
  if (!rules_.has_ages()) return;
  ages_.end_block([this](Slot slot) { return keys_.read(slot).use; },
                  [this, now](Slot slot) { keys_.edit(slot).use.at = now; });
  for (auto due = next_to_forget(); due && *due <= now; due = next_to_forget()) {
    leave(ages_.oldest(), "forgotten_keys", out);
  }
}

std::optional<EngineTime> OwnPaneStep::next_to_forget() const {
  if (rules_.forget_after <= Duration{0} || ages_.oldest() == KeyAges::none) return std::nullopt;
  return keys_.read(ages_.oldest()).use.at + rules_.forget_after;
}

// A key goes, and tells what it has not told.
void OwnPaneStep::leave(Slot slot, std::string_view why, StepOutput& out) {
  out.count(why, 1);
  for (bool is_last = false; !is_last;) {
    OpenWindows& windows = keys_.edit(slot);
    OpenWindow& window = windows.all().front();
    if (window.news > 0) fire(slot, window, true, out);
    unlist(std::exchange(window.timer, OpenWindow::unlisted));
    is_last = windows.all().size() == 1;
    close(slot, &window);
  }
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
  keys_.save_most(header);
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
    keys_.load_most(in);
    if (!in.is_ok() || !in.at_end()) return SliceHeader::damaged();
  }
  std::vector<Slot> loaded;
  TRY(keys_.load_slice(taken.records, [&](Slot slot, OpenWindows& windows, ByteReader& in) {
    windows.load(in, core_);
    if (windows.empty()) in.fail();
    for (OpenWindow& window : windows.all()) {
      ++windows_;
      const Timestamp last_timer = closes_at(window.span.end);
      const bool may_be_before = rules_.session && window.timer > window.span.start;
      const bool is_sound = window.timer == last_timer || window.timer == window.span.end ||
                            (may_be_before && window.timer < last_timer);
      if (!is_sound) in.fail();
      timers_.add(window.timer, slot);
      if (window.news == 0) continue;
      const bool is_behind = window.span.end <= header_.watermark;
      if (is_behind) late_.emplace_back(window.span.end, slot);
      if (!is_behind && rules_.early > Duration{0}) note_news(slot);
    }
    list_bytes_ += windows.list_bytes();
    loaded.push_back(slot);
  }));
  if (!rules_.has_ages()) return {};
  ages_.restore(std::move(loaded), [this](Slot slot) { return keys_.read(slot).use; });
  return {};
}

// At most, as a function of what is saved.
std::size_t OwnPaneStep::state_bytes() const {
  std::size_t bytes = keys_.state_bytes() + core_.pane_bytes() +
                      (rules_.has_ages() ? keys_.most() * KeyAges::bytes_of_key : 0) +
                      windows_ * OpenWindows::max_slack * sizeof(OpenWindow);
  // Sessions of a time may end at different ones, once they have grown.
  bytes += rules_.session ? windows_ * Timers::bytes_to_add() : timers_.bytes();
  // A key may be in news_ four times, counting the room that is not used.
  if (rules_.early > Duration{0}) bytes += keys_.most() * 4 * sizeof(Slot);
  return bytes;
}

std::size_t OwnPaneStep::memory_bytes() const {
  return sizeof(*this) + keys_.memory_bytes() + ages_.memory_bytes() + core_.pane_bytes() +
         list_bytes_ + timers_.bytes() + (news_.capacity() + full_.capacity()) * sizeof(Slot);
}

}  // namespace sluice
