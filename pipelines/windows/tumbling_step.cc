#include "pipelines/windows/tumbling_step.h"

#include <algorithm>
#include <utility>

#include "core/bytes.h"
#include "pipelines/saturate.h"

namespace sluice {
namespace {

constexpr std::uint8_t format_version = 1;  // of a slice

Error damaged() { return Error{ErrorKind::corrupt, "the saved state of a window cannot be read"}; }

}  // namespace

TumblingStep::TumblingStep(const Rules& rules, WindowKey key, std::unique_ptr<Emit> emit)
    : rules_(rules), key_(std::move(key)), emit_(std::move(emit)) {}

void TumblingStep::process(std::span<Event* const> events, StepOutput& out) {
  left_out_ = {};
  for (Event* event : events) take(event, out);
  if (left_out_.absent > 0) out.count("absent_value", left_out_.absent);
  if (left_out_.full > 0) out.count("full_collection", left_out_.full);
}

void TumblingStep::take(Event* event, StepOutput& out) {
  if (!latest_span_.contains(event->time)) {
    latest_span_ = tumbling_span(event->time, rules_.size, rules_.offset);
  }
  if (is_closed(latest_span_.end)) {
    out.emit_to(0, event);
    return;
  }
  const auto key = key_.read(*event, out.arena());
  if (!key) {
    out.fail(event, key.error().message);
    return;
  }
  const auto readings = emit_->read(*event, out.arena());
  if (!readings) {
    out.fail(event, readings.error().message);
    return;
  }
  const bool is_full = panes_ >= rules_.max_windows;
  const Slot slot = is_full ? keys_.find(*key) : keys_.find_or_add(*key, rules_.max_keys);
  OpenPane* const pane = slot == Keys::none ? nullptr : pane_of(slot, latest_span_, is_full);
  if (pane == nullptr) {
    out.drop(*event, is_full ? "max_windows" : "max_keys");
    return;
  }
  const std::size_t before = emit_->is_growing() ? pane->pane.heap_bytes() : 0;
  emit_->add(pane->pane, *readings, event->time, left_out_);
  if (emit_->is_growing()) pane_bytes_ += pane->pane.heap_bytes() - before;
  if (!pane->is_due) {
    pane->is_due = true;
    due_[latest_span_.end].push_back(slot);
  }
}

// The pane of this key for this window, opened if it is not; nullptr when that may not be. What it
// was is kept for a running snapshot.
OpenPane* TumblingStep::pane_of(Slot slot, const Span& span, bool is_full) {
  OpenPanes& panes = keys_.edit(slot);
  OpenPane* const present = panes.find(span.end);
  if (present != nullptr || is_full) return present;
  pane_bytes_ -= panes.list_bytes();
  OpenPane& pane = panes.open(span, emit_->make_pane());
  pane_bytes_ += panes.list_bytes() + pane.pane.heap_bytes();
  ++panes_;
  open_[span.end].push_back(slot);
  return &pane;
}

bool TumblingStep::is_closed(Timestamp end) const {
  return add_saturated(end, rules_.lateness) <= watermark_;
}

void TumblingStep::advance_watermark(Timestamp watermark, StepOutput& out) {
  watermark_ = std::max(watermark_, watermark);
  fire_due(out);
  close_past();
}

void TumblingStep::fire_due(StepOutput& out) {
  while (!due_.empty() && due_.begin()->first <= watermark_) {
    const Timestamp end = due_.begin()->first;
    std::vector<Slot> slots = std::move(due_.begin()->second);
    due_.erase(due_.begin());
    std::ranges::sort(slots, {}, [this](Slot slot) { return keys_.key(slot); });
    for (const Slot slot : slots) {
      OpenPane& pane = *keys_.edit(slot).find(end);
      out.emit(make_result(keys_.key(slot), pane, out.arena()));
      ++pane.revision;
      pane.is_due = false;
      if (rules_.accumulating || is_closed(end)) continue;
      pane_bytes_ -= pane.pane.heap_bytes();
      pane.pane = emit_->make_pane();
      pane_bytes_ += pane.pane.heap_bytes();
    }
  }
}

void TumblingStep::close_past() {
  while (!open_.empty() && is_closed(open_.begin()->first)) {
    for (const Slot slot : open_.begin()->second) {
      OpenPanes& panes = keys_.edit(slot);
      pane_bytes_ -= panes.close(open_.begin()->first).pane.heap_bytes();
      --panes_;
      if (!panes.empty()) continue;
      pane_bytes_ -= panes.list_bytes();
      keys_.erase(slot);
    }
    open_.erase(open_.begin());
  }
}

Event* TumblingStep::make_result(std::string_view key, const OpenPane& pane, Arena& arena) const {
  Event* result = arena.make<Event>();
  result->type = "sluice.window";
  result->subject = key_text(key, arena);
  result->datacontenttype = "application/json";
  result->time = pane.span.end;
  Attribute* attributes = arena.array<Attribute>(3);
  attributes[0] = {"windowstart", Value::timestamp(pane.span.start)};
  attributes[1] = {"windowend", Value::timestamp(pane.span.end)};
  attributes[2] = {"revision", Value::integer(pane.revision)};
  result->extensions = {attributes, 3};
  result->data = emit_->result(pane.pane, arena);
  result->is_unchanged = false;
  return result;
}

void TumblingStep::begin_snapshot() {
  keys_.begin_snapshot();
  snapshot_watermark_ = watermark_;
  is_header_due_ = true;
}

// A slice: version byte, 1 if it is the first and then the watermark, records of keys.
bool TumblingStep::save_slice(std::size_t max_bytes, std::string& out) {
  put_fixed<std::uint8_t>(out, format_version);
  put_fixed<std::uint8_t>(out, is_header_due_ ? 1 : 0);
  if (is_header_due_) put_signed(out, snapshot_watermark_.time_since_epoch().count());
  is_header_due_ = false;
  return keys_.save_slice(max_bytes, out);
}

Result<void> TumblingStep::load_slice(std::string_view slice) {
  ByteReader in(slice);
  if (in.fixed<std::uint8_t>() != format_version) return damaged();
  if (in.fixed<std::uint8_t>() != 0) watermark_ = Timestamp(Duration(in.signed_varint()));
  if (!in.is_ok()) return damaged();
  return keys_.load_slice(in.rest(), [this](Slot slot, OpenPanes& panes, ByteReader& content) {
    panes.load(content, *emit_);
    for (const OpenPane& pane : panes.all()) {
      ++panes_;
      open_[pane.span.end].push_back(slot);
      if (pane.is_due) due_[pane.span.end].push_back(slot);
    }
    pane_bytes_ += panes.heap_bytes();
  });
}

std::size_t TumblingStep::memory_bytes() const {
  constexpr std::size_t map_node = sizeof(SlotsByEnd::value_type) + 4 * sizeof(void*);
  return sizeof(*this) + keys_.memory_bytes() + pane_bytes_ + panes_ * 2 * sizeof(Slot) +
         (due_.size() + open_.size()) * map_node;
}

}  // namespace sluice
