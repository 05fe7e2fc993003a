#include "pipelines/windows/key_time_step.h"

#include <algorithm>

#include "core/bytes.h"

namespace sluice {

void KeyTimeStep::process(std::span<Event* const> events, StepOutput& out) {
  for (Event* event : events) take(event, out);
  core_.report_left_out(out);
}

void KeyTimeStep::take(Event* event, StepOutput& out) {
  const auto key = core_.read_key(event, out);
  if (!key) return;
  Slot slot = keys_.find(*key);
  const Timestamp watermark = slot == Keys::none ? Timestamp::min() : keys_.read(slot).watermark;
  const SessionPlace found = place_of(slot, event->time);
  const bool is_behind = rules_.late_by_event && event->time < watermark;
  if (is_behind || is_closed(found.span.end, watermark)) return out.emit_to(late_output, event);
  const auto values = core_.read_values(event, out);
  if (!values) return;

  const bool is_new = found.before == nullptr && found.behind == nullptr;
  const std::string_view refused = ages_.make_room(
      rules_.when_full, slot, [&] { return why_refused(*key, slot, is_new); },
      [&](Slot oldest) { leave(oldest, "evicted_keys", out); });
  if (!refused.empty()) return out.drop(*event, refused);
  if (slot == Keys::none) slot = keys_.add(*key);
  KeyWindows& entry = keys_.edit(slot);
  entry.windows.use = ages_.use(slot);
  entry.highest = std::max(entry.highest, event->time);
  OpenWindow& window = window_at(slot, found);
  core_.add(window.pane, *values, event->time);
  window.add_news(1);
}

// Of a window that does not grow: the one that is open, as `before`.
SessionPlace KeyTimeStep::place_of(Slot slot, Timestamp time) {
  OpenWindows nothing;
  OpenWindows& windows = slot == Keys::none ? nothing : keys_.edit(slot).windows;
  if (rules_.session) return find_session(windows, *rules_.session, time);
  const Span span = spans_->span_of(time);
  return {windows.find(span.end), nullptr, span};
}

OpenWindow& KeyTimeStep::window_at(Slot slot, const SessionPlace& place) {
  OpenWindows& windows = keys_.edit(slot).windows;
  list_bytes_ -= windows.list_bytes();
  OpenWindow* window = nullptr;
  if (place.before == nullptr && place.behind == nullptr) {
    window = &windows.open(place.span, core_.open());
    ++windows_;
  } else {
    std::optional<OpenWindow> gone;
    window = &grow(windows, place, core_, gone);
    if (gone) --windows_;
  }
  list_bytes_ += windows.list_bytes();
  return *window;
}

// Which bound keeps an event out; empty: none does.
std::string_view KeyTimeStep::why_refused(std::string_view key, Slot slot, bool is_new) const {
  if (is_new && windows_ >= rules_.max_windows) return "max_windows";
  if (slot == Keys::none && keys_.size() >= rules_.max_keys) return "max_keys";
  std::size_t more = core_.max_growth();
  if (slot == Keys::none) more += keys_.bytes_to_add(key) + KeyAges::bytes_of_key;
  if (is_new) more += core_.new_pane_bytes() + OpenWindows::max_slack * sizeof(OpenWindow);
  const bool has_room = more == 0 || state_bytes() + more <= rules_.max_memory;
  return has_room ? std::string_view{} : "max_memory";
}

// --- the end of a block ---

void KeyTimeStep::advance_time(EngineTime now, StepOutput& out) {
  end_block(now, out);
  for (auto due = next_timer(); due && *due <= now; due = next_timer()) {
    leave(ages_.oldest(), "forgotten_keys", out);
  }
}

std::optional<EngineTime> KeyTimeStep::next_timer() const {
  if (rules_.forget_after <= Duration{0} || ages_.oldest() == KeyAges::none) return std::nullopt;
  return keys_.read(ages_.oldest()).windows.use.at + rules_.forget_after;
}

// The keys that had events get their watermarks, and their windows that are due fire.
void KeyTimeStep::end_block(EngineTime now, StepOutput& out) {
  std::vector<Slot> touched;
  std::vector<EndAndSlot> due;
  const auto use_of = [this](Slot slot) { return keys_.read(slot).windows.use; };
  ages_.end_block(use_of, [&](Slot slot) {
    KeyWindows& entry = keys_.edit(slot);
    entry.windows.use.at = now;
    entry.watermark = watermark_after(entry.highest);
    for (const OpenWindow& window : entry.windows.all()) {
      const bool is_due = window.span.end <= entry.watermark && window.news > 0;
      if (is_due) due.emplace_back(window.span.end, slot);
    }
    touched.push_back(slot);
  });
  std::ranges::sort(due, {}, [this](const EndAndSlot& entry) {
    return std::pair(entry.first, keys_.key(entry.second));
  });
  for (const auto& [end, slot] : due) {
    fire(slot, *keys_.edit(slot).windows.find(end), false, out);
  }
  for (const Slot slot : touched) close_past(slot);
}

void KeyTimeStep::fire(Slot slot, OpenWindow& window, bool is_early, StepOutput& out) {
  const ResultFrame frame{window.span, window.span.end, window.revision, is_early};
  out.emit(core_.result(keys_.key(slot), frame, window.pane, out.arena()));
  ++window.revision;
  window.news = 0;
  if (!rules_.accumulating) core_.clear(window.pane);
}

void KeyTimeStep::close_past(Slot slot) {
  KeyWindows& entry = keys_.edit(slot);
  const auto is_past = [&] {
    return !entry.windows.empty() &&
           is_closed(entry.windows.all().front().span.end, entry.watermark);
  };
  while (is_past()) close(slot, &entry.windows.all().front());
}

void KeyTimeStep::close(Slot slot, OpenWindow* window) {
  OpenWindows& windows = keys_.edit(slot).windows;
  list_bytes_ -= windows.list_bytes();
  core_.close(windows.take(window).pane);
  list_bytes_ += windows.list_bytes();
  --windows_;
}

// A key goes, and tells what it has not told.
void KeyTimeStep::leave(Slot slot, std::string_view why, StepOutput& out) {
  out.count(why, 1);
  OpenWindows& windows = keys_.edit(slot).windows;
  while (!windows.empty()) {
    OpenWindow& window = windows.all().front();
    if (window.news > 0) fire(slot, window, true, out);
    close(slot, &window);
  }
  ages_.erase(slot);
  keys_.erase(slot);
}

// --- state ---

void KeyWindows::save(std::string& out) const {
  put_signed(out, highest.time_since_epoch().count());
  windows.save(out);
}

void KeyTimeStep::begin_snapshot() {
  keys_.begin_snapshot();
  std::string header;
  keys_.save_most(header);
  slice_header_.begin(std::move(header));
}

bool KeyTimeStep::save_slice(std::size_t max_bytes, std::string& out) {
  slice_header_.put(out);
  return keys_.save_slice(max_bytes, out);
}

Result<void> KeyTimeStep::load_slice(std::string_view slice) {
  const SliceHeader::Taken taken = TRY(SliceHeader::take(slice));
  if (taken.header) {
    ByteReader in(*taken.header);
    keys_.load_most(in);
    if (!in.is_ok() || !in.at_end()) return SliceHeader::damaged();
  }
  std::vector<Slot> loaded;
  TRY(keys_.load_slice(taken.records, [&](Slot slot, KeyWindows& entry, ByteReader& in) {
    entry.highest = Timestamp(Duration(in.signed_varint()));
    entry.watermark = watermark_after(entry.highest);
    entry.windows.load(in, core_);
    windows_ += entry.windows.all().size();
    list_bytes_ += entry.windows.list_bytes();
    loaded.push_back(slot);
  }));
  ages_.restore(std::move(loaded), [this](Slot slot) { return keys_.read(slot).windows.use; });
  return {};
}

// At most, as a function of what is saved.
std::size_t KeyTimeStep::state_bytes() const {
  return keys_.state_bytes() + keys_.most() * KeyAges::bytes_of_key + core_.pane_bytes() +
         windows_ * OpenWindows::max_slack * sizeof(OpenWindow);
}

std::size_t KeyTimeStep::memory_bytes() const {
  return sizeof(*this) + keys_.memory_bytes() + ages_.memory_bytes() + core_.pane_bytes() +
         list_bytes_;
}

}  // namespace sluice
