#include "pipelines/windows/shared_pane_step.h"

#include <algorithm>

#include "core/bytes.h"

namespace sluice {

SharedPaneStep::SharedPaneStep(std::unique_ptr<PaneLayout> layout, const Rules& rules,
                               WindowCore core)
    : layout_(std::move(layout)), rules_(rules), core_(std::move(core)), merger_(core_) {}

void SharedPaneStep::process(std::span<Event* const> events, StepOutput& out) {
  for (Event* event : events) take(event, out);
  keep_within_bounds();
  core_.report_left_out(out);
}

void SharedPaneStep::take(Event* event, StepOutput& out) {
  if (!latest_.pane.contains(event->time)) {
    const Span pane = layout_->pane_of(event->time);
    latest_ = {pane, layout_->first_end(pane), layout_->last_end(pane)};
  }
  if (latest_.first_end > latest_.last_end) return out.drop(*event, "between_windows");
  const bool is_behind = event->time < watermark_;
  const bool is_late = (is_behind && rules_.late_by_event) || is_closed(latest_.last_end);
  if (is_late) return out.emit_to(late_output, event);
  const auto key = core_.read_key(event, out);
  if (!key) return;
  const auto values = core_.read_values(event, out);
  if (!values) return;

  Slot slot = keys_.find(*key);
  Pane* pane = slot == Keys::none ? nullptr : keys_.edit(slot).find(latest_.pane);
  const std::string_view refused = why_refused(*key, slot, pane == nullptr, is_behind);
  if (!refused.empty()) return out.drop(*event, refused);
  if (slot == Keys::none) slot = keys_.add(*key);
  if (pane == nullptr) pane = &open(slot);
  core_.add(*pane, *values, event->time);
  if (is_behind) merger_.forget(slot);  // windows with this pane may have fired
  note_news(slot, *values, event->time);
}

// Which bound keeps an event out; empty: none does. `is_new`: it opens a pane.
std::string_view SharedPaneStep::why_refused(std::string_view key, Slot slot, bool is_new,
                                             bool is_behind) const {
  if (is_new && panes_ >= rules_.max_panes) return "max_windows";
  if (slot == Keys::none && keys_.size() >= rules_.max_keys) return "max_keys";
  std::size_t more = core_.max_growth();
  if (is_behind && !rules_.accumulating) {
    more +=
        layout_->most_told(rules_.lateness).of_key * (core_.new_pane_bytes() + core_.max_growth());
  }
  if (slot == Keys::none) more += keys_.bytes_to_add(key) + told_bytes_of_key();
  if (is_new) {
    more += core_.new_pane_bytes() + SharedPanes::max_slack * sizeof(SharedPane) +
            told_bytes_of_pane() + 2 * Timers::bytes_to_add();
  }
  const bool has_room = more == 0 || state_bytes() + more <= rules_.max_memory;
  return has_room ? std::string_view{} : "max_memory";
}

Pane& SharedPaneStep::open(Slot slot) {
  SharedPanes& panes = keys_.edit(slot);
  list_bytes_ -= panes.list_bytes();
  Pane& pane = panes.open(latest_.pane, core_.open());
  list_bytes_ += panes.list_bytes();
  ++panes_;
  open_.add(latest_.last_end, slot);
  return pane;
}

// Sees to it that the windows with the latest pane fire: once more where the watermark has passed
// them, else in their turn.
void SharedPaneStep::note_news(Slot slot, Emit::Readings values, Timestamp time) {
  SharedPanes& panes = keys_.edit(slot);
  Timestamp end = latest_.first_end;
  for (; end <= watermark_ && end <= latest_.last_end; end = layout_->next_end(panes, end)) {
    if (is_closed(end)) continue;
    list_bytes_ -= panes.list_bytes();
    ToldWindow& window = panes.told(end);
    list_bytes_ += panes.list_bytes();
    if (!rules_.accumulating) {
      if (!window.news) window.news = core_.open();
      core_.add(*window.news, values, time);
    }
    if (!window.has_news) late_.emplace_back(end, slot);
    window.has_news = true;
  }
  if (end <= latest_.last_end && end < panes.next_end) schedule(slot, panes, end);
}

// A key's next window is the one of this end.
void SharedPaneStep::schedule(Slot slot, SharedPanes& panes, Timestamp end) {
  const Timestamp before = std::exchange(panes.next_end, end);
  if (before != SharedPanes::none) {
    due_.remove(before, [&](Slot other) { return keys_.read(other).next_end == before; });
  }
  if (end != SharedPanes::none) due_.add(end, slot);
}

void SharedPaneStep::advance_watermark(Timestamp watermark, StepOutput& out) {
  watermark_ = std::max(watermark_, watermark);
  fire_late(out);
  fire_due(out);
  close_past();
  keep_within_bounds();
}

void SharedPaneStep::fire_late(StepOutput& out) {
  std::ranges::sort(late_, {}, [this](const auto& entry) {
    return std::pair(entry.first, keys_.key(entry.second));
  });
  for (const auto& [end, slot] : std::exchange(late_, {})) {
    ToldWindow& window = *keys_.edit(slot).find_told(end);
    window.has_news = false;
    const std::uint32_t revision = window.revision++;
    if (!window.news) {
      merger_.merge_once(panes_of(slot, end),
                         [&](const Pane& pane) { emit(slot, end, revision, pane, out); });
      continue;
    }
    emit(slot, end, revision, *window.news, out);
    core_.close(*std::exchange(window.news, std::nullopt));
  }
}

void SharedPaneStep::fire_due(StepOutput& out) {
  while (!due_.empty() && *due_.first() <= watermark_) {
    const Timestamp end = *due_.first();
    std::vector<Slot> slots = due_.take_first();
    const auto key_of = [this](Slot slot) { return keys_.key(slot); };
    // Keys that fired together before are in order already.
    if (!std::ranges::is_sorted(slots, {}, key_of)) std::ranges::sort(slots, {}, key_of);
    for (const Slot slot : slots) {
      SharedPanes& panes = keys_.edit(slot);
      if (panes.next_end != end) continue;  // an earlier window came up
      panes.next_end = SharedPanes::none;
      merger_.merge(slot, panes_of(slot, end),
                    [&](const Pane& pane) { emit(slot, end, 0, pane, out); });
      move_on(slot, panes, end);
    }
  }
}

// After the window of this end has fired.
void SharedPaneStep::move_on(Slot slot, SharedPanes& panes, Timestamp end) {
  if (!is_closed(end)) {
    list_bytes_ -= panes.list_bytes();
    std::erase_if(panes.told(), [this](const ToldWindow& told) { return is_closed(told.end); });
    panes.told(end).revision = 1;
    list_bytes_ += panes.list_bytes();
  }
  schedule(slot, panes, layout_->next_end(panes, end));
}

PaneMerger::Window<SharedPane> SharedPaneStep::panes_of(Slot slot, Timestamp end) const {
  const SharedPanes& panes = keys_.read(slot);
  const Span window = layout_->window(end);
  const Timestamp border = layout_->border(window);
  return {border.time_since_epoch().count(), panes.in({window.start, border}),
          panes.in({border, window.end})};
}

void SharedPaneStep::emit(Slot slot, Timestamp end, std::uint32_t revision, const Pane& pane,
                          StepOutput& out) {
  const Span span = layout_->shown(end);
  const ResultFrame frame{span, span.end, revision, false};
  out.emit(core_.result(keys_.key(slot), frame, pane, out.arena()));
}

void SharedPaneStep::close_past() {
  while (!open_.empty() && is_closed(*open_.first())) {
    const Timestamp last = *open_.first();
    for (const Slot slot : open_.take_first()) {
      SharedPanes& panes = keys_.edit(slot);
      std::size_t count = 0;
      while (count < panes.all().size() && layout_->last_end(panes.all()[count].span) <= last)
        ++count;
      list_bytes_ -= panes.list_bytes();
      panes.close_front(count, core_);
      list_bytes_ += panes.list_bytes();
      panes_ -= count;
      if (count == 0 || !panes.empty()) continue;
      list_bytes_ -= panes.list_bytes();
      merger_.forget(slot);
      keys_.erase(slot);
    }
  }
  if (keys_.size() == 0) merger_.forget_all();
}

void SharedPaneStep::begin_snapshot() {
  keys_.begin_snapshot();
  std::string header;
  put_signed(header, watermark_.time_since_epoch().count());
  keys_.save_most(header);
  slice_header_.begin(std::move(header));
}

bool SharedPaneStep::save_slice(std::size_t max_bytes, std::string& out) {
  slice_header_.put(out);
  return keys_.save_slice(max_bytes, out);
}

Result<void> SharedPaneStep::load_slice(std::string_view slice) {
  const SliceHeader::Taken taken = TRY(SliceHeader::take(slice));
  if (taken.header) {
    ByteReader in(*taken.header);
    watermark_ = Timestamp(Duration(in.signed_varint()));
    keys_.load_most(in);
    if (!in.is_ok() || !in.at_end()) return SliceHeader::damaged();
  }
  return keys_.load_slice(taken.records, [this](Slot slot, SharedPanes& panes, ByteReader& in) {
    panes.load(in, core_);
    for (const SharedPane& pane : panes.all()) {
      ++panes_;
      open_.add(layout_->last_end(pane.span), slot);
    }
    schedule(slot, panes, layout_->next_end(panes, watermark_));
    for (const ToldWindow& window : panes.told()) {
      if (window.has_news) late_.emplace_back(window.end, slot);
    }
    list_bytes_ += panes.list_bytes();
  });
}

std::size_t SharedPaneStep::told_bytes_of_key() const {
  return layout_->most_told(rules_.lateness).of_key * 2 * sizeof(ToldWindow);
}

std::size_t SharedPaneStep::told_bytes_of_pane() const {
  return layout_->most_told(rules_.lateness).of_pane * 2 * sizeof(ToldWindow);
}

// At most, as a function of what is saved.
std::size_t SharedPaneStep::state_bytes() const {
  return keys_.state_bytes() + keys_.size() * told_bytes_of_key() + core_.pane_bytes() -
         merger_.pane_bytes() +
         panes_ * (SharedPanes::max_slack * sizeof(SharedPane) + told_bytes_of_pane()) +
         due_.bytes() + open_.bytes();
}

// What is remembered for speed has the room that the state leaves.
void SharedPaneStep::keep_within_bounds() {
  if (state_bytes() + merger_.memory_bytes() > rules_.max_memory) merger_.forget_all();
}

std::size_t SharedPaneStep::memory_bytes() const {
  return sizeof(*this) + keys_.memory_bytes() + core_.pane_bytes() - merger_.pane_bytes() +
         merger_.memory_bytes() + list_bytes_ + due_.bytes() + open_.bytes();
}

}  // namespace sluice
