#include "pipelines/windows/window_core.h"

namespace sluice {

std::optional<std::string_view> WindowCore::read_key(Event* event, StepOutput& out) {
  const auto key = key_.read(*event, out.arena());
  if (key) return *key;
  out.fail(event, key.error().message);
  return std::nullopt;
}

std::optional<Emit::Readings> WindowCore::read_values(Event* event, StepOutput& out) {
  const auto values = emit_->read(*event, out.arena());
  if (values) return *values;
  out.fail(event, values.error().message);
  return std::nullopt;
}

void WindowCore::report_left_out(StepOutput& out) {
  if (left_out_.absent > 0) out.count("absent_value", left_out_.absent);
  if (left_out_.full > 0) out.count("full_collection", left_out_.full);
  left_out_ = {};
}

Pane WindowCore::open() {
  Pane pane = emit_->make_pane();
  pane_bytes_ += pane.heap_bytes();
  return pane;
}

Pane WindowCore::copy(const Pane& pane) {
  Pane copy = emit_->copy(pane);
  pane_bytes_ += copy.heap_bytes();
  return copy;
}

void WindowCore::assign(Pane& pane, const Pane& other) {
  const std::size_t before = emit_->is_growing() ? pane.heap_bytes() : 0;
  emit_->assign(pane, other);
  if (emit_->is_growing()) pane_bytes_ += pane.heap_bytes() - before;
}

void WindowCore::add(Pane& pane, Emit::Readings values, Timestamp time) {
  const std::size_t before = emit_->is_growing() ? pane.heap_bytes() : 0;
  emit_->add(pane, values, time, left_out_);
  if (emit_->is_growing()) pane_bytes_ += pane.heap_bytes() - before;
}

void WindowCore::merge(Pane& pane, const Pane& later) {
  const std::size_t before = emit_->is_growing() ? pane.heap_bytes() : 0;
  emit_->merge(pane, later);
  if (emit_->is_growing()) pane_bytes_ += pane.heap_bytes() - before;
}

void WindowCore::clear(Pane& pane) {
  pane_bytes_ -= pane.heap_bytes();
  pane = open();
}

void WindowCore::close(Pane pane) { pane_bytes_ -= pane.heap_bytes(); }

Pane WindowCore::load(ByteReader& in) {
  Pane pane = emit_->load_pane(in);
  pane_bytes_ += pane.heap_bytes();
  return pane;
}

Event* WindowCore::result(std::string_view key, const ResultFrame& frame, const Pane& pane,
                          Arena& arena) const {
  Event* result = arena.make<Event>();
  result->type = "sluice.window";
  result->subject = key_text(key, arena);
  result->datacontenttype = "application/json";
  result->time = frame.time;
  Attribute* attributes = arena.array<Attribute>(4);
  std::size_t count = 0;
  if (frame.span) {
    attributes[count++] = {"windowstart", Value::timestamp(frame.span->start)};
    attributes[count++] = {"windowend", Value::timestamp(frame.span->end)};
  }
  attributes[count++] = {"revision", Value::integer(frame.revision)};
  if (frame.is_early) attributes[count++] = {"early", Value::boolean(true)};
  result->extensions = {attributes, count};
  result->data = emit_->result(pane, arena);
  result->is_unchanged = false;
  return result;
}

}  // namespace sluice
