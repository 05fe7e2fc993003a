#include "pipelines/windows/shared_pane_step.h"

#include <algorithm>

#include "core/bytes.h"

namespace sluice {

SharedPaneStep::SharedPaneStep(std::unique_ptr<PaneLayout> layout, const Rules& rules,
                               WindowCore core)
    : layout_(std::move(layout)), rules_(rules), core_(std::move(core)) {}

void SharedPaneStep::process(std::span<Event* const> events, StepOutput& out) {
  for (Event* event : events) take(event, out);
  core_.report_left_out(out);
}

void SharedPaneStep::take(Event* event, StepOutput& out) {
  if (!latest_.pane.contains(event->time)) {
    const Span pane = layout_->pane_of(event->time);
    latest_ = {pane, layout_->first_end(pane), layout_->last_end(pane)};
  }
  if (latest_.first_end > latest_.last_end) return out.drop(*event, "between_windows");
  const bool is_behind = rules_.late_by_event && event->time < watermark_;
  if (is_behind || is_closed(latest_.last_end)) return out.emit_to(late_output, event);
  const auto key = core_.read_key(event, out);
  if (!key) return;
  const auto values = core_.read_values(event, out);
  if (!values) return;

  Slot slot = keys_.find(*key);
  Pane* pane = slot == Keys::none ? nullptr : keys_.edit(slot).find(latest_.pane);
  if (pane == nullptr) {
    if (panes_ >= rules_.max_panes) return out.drop(*event, "max_windows");
    slot = keys_.find_or_add(*key, rules_.max_keys);
    if (slot == Keys::none) return out.drop(*event, "max_keys");
    pane = &open(slot);
  }
  core_.add(*pane, *values, event->time);
  note_news(slot, *values, event->time);
}

Pane& SharedPaneStep::open(Slot slot) {
  SharedPanes& panes = keys_.edit(slot);
  list_bytes_ -= panes.list_bytes();
  Pane& pane = panes.open(latest_.pane, core_.open());
  list_bytes_ += panes.list_bytes();
  ++panes_;
  open_[latest_.last_end].push_back(slot);
  return pane;
}

// Sees to it that the windows with the latest pane fire: once more where the watermark has passed
// them, else in their turn.
void SharedPaneStep::note_news(Slot slot, std::span<const Value> values, Timestamp time) {
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
  panes.next_end = end;
  if (end == SharedPanes::none) return;
  due_[end].push_back(slot);
  ++listed_;
}

void SharedPaneStep::advance_watermark(Timestamp watermark, StepOutput& out) {
  watermark_ = std::max(watermark_, watermark);
  fire_late(out);
  fire_due(out);
  close_past();
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
      emit_merged(slot, end, revision, out);
      continue;
    }
    emit(slot, end, revision, *window.news, out);
    core_.close(*std::exchange(window.news, std::nullopt));
  }
}

void SharedPaneStep::fire_due(StepOutput& out) {
  while (!due_.empty() && due_.begin()->first <= watermark_) {
    const Timestamp end = due_.begin()->first;
    std::vector<Slot> slots = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    listed_ -= slots.size();
    std::ranges::sort(slots, {}, [this](Slot slot) { return keys_.key(slot); });
    for (const Slot slot : slots) {
      SharedPanes& panes = keys_.edit(slot);
      if (panes.next_end != end) continue;  // an earlier window came up, and the key moved on
      emit_merged(slot, end, 0, out);
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

// The window's panes in the order of time, as one.
void SharedPaneStep::emit_merged(Slot slot, Timestamp end, std::uint32_t revision,
                                 StepOutput& out) {
  const auto panes = keys_.read(slot).in(layout_->window(end));
  if (panes.size() == 1) return emit(slot, end, revision, panes.front().pane, out);
  Pane merged = core_.open();
  for (const SharedPane& pane : panes) core_.merge(merged, pane.pane);
  emit(slot, end, revision, merged, out);
  core_.close(std::move(merged));
}

void SharedPaneStep::emit(Slot slot, Timestamp end, std::uint32_t revision, const Pane& pane,
                          StepOutput& out) {
  const Span span = layout_->shown(end);
  const ResultFrame frame{span, span.end, revision, false};
  out.emit(core_.result(keys_.key(slot), frame, pane, out.arena()));
}

void SharedPaneStep::close_past() {
  while (!open_.empty() && is_closed(open_.begin()->first)) {
    const Timestamp last = open_.begin()->first;
    for (const Slot slot : open_.begin()->second) {
      SharedPanes& panes = keys_.edit(slot);
      std::size_t count = 0;
      while (count < panes.all().size() && layout_->last_end(panes.all()[count].span) <= last)
        ++count;
      for (SharedPane& pane : panes.take_front(count)) core_.close(std::move(pane.pane));
      panes_ -= count;
      if (count == 0 || !panes.empty()) continue;
      list_bytes_ -= panes.list_bytes();
      keys_.erase(slot);
    }
    open_.erase(open_.begin());
  }
}

void SharedPaneStep::begin_snapshot() {
  keys_.begin_snapshot();
  std::string header;
  put_signed(header, watermark_.time_since_epoch().count());
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
    if (!in.is_ok() || !in.at_end()) return SliceHeader::damaged();
  }
  return keys_.load_slice(taken.records, [this](Slot slot, SharedPanes& panes, ByteReader& in) {
    panes.load(in, core_);
    for (const SharedPane& pane : panes.all()) {
      ++panes_;
      open_[layout_->last_end(pane.span)].push_back(slot);
    }
    schedule(slot, panes, layout_->next_end(panes, watermark_));
    for (const ToldWindow& window : panes.told()) {
      if (window.has_news) late_.emplace_back(window.end, slot);
    }
    list_bytes_ += panes.list_bytes();
  });
}

std::size_t SharedPaneStep::memory_bytes() const {
  constexpr std::size_t map_node = sizeof(SlotsByEnd::value_type) + 4 * sizeof(void*);
  return sizeof(*this) + keys_.memory_bytes() + core_.pane_bytes() + list_bytes_ +
         (listed_ + panes_) * sizeof(Slot) + (due_.size() + open_.size()) * map_node;
}

}  // namespace sluice
