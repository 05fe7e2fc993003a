#include "pipelines/windows/emit.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace sluice {

Pane& Pane::operator=(Pane&& other) noexcept {
  if (this == &other) return *this;
  destroy();
  emit_ = std::exchange(other.emit_, nullptr);
  states_ = std::move(other.states_);
  return *this;
}

Pane::~Pane() { destroy(); }

void Pane::destroy() {
  if (emit_ == nullptr) return;
  for (const Emit::Field& field : emit_->fields_) {
    field.aggregate->destroy(emit_->state(*this, field));
  }
  emit_ = nullptr;
}

void Pane::save(std::string& out) const {
  for (const Emit::Field& field : emit_->fields_) {
    field.aggregate->save(emit_->state(*this, field), out);
  }
}

std::size_t Pane::heap_bytes() const {
  std::size_t bytes = emit_->pane_bytes_;
  if (!emit_->is_growing()) return bytes;
  for (const Emit::Field& field : emit_->fields_) {
    bytes += field.aggregate->heap_bytes(emit_->state(*this, field));
  }
  return bytes;
}

Result<Emit::Readings> Emit::read(const Event& event, Arena& arena) {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    readings_[i] = TRY(read_field(fields_[i], event, arena));
  }
  return Readings(readings_);
}

Result<Emit::Reading> Emit::read_field(const Field& field, const Event& event, Arena& arena) {
  const auto refuse = [&](const std::string& why) {
    return Error{ErrorKind::bad_input, "emit." + field.name + ": " + why};
  };
  const auto needs = [&](std::string_view wanted, const Value& value) {
    return refuse("needs " + std::string(wanted) + ", not " + to_json(value).substr(0, 80) + " (" +
                  std::string(kind_name(value.kind())) + ")");
  };
  if (field.where) {
    const Value where = read_argument(*field.where, event, arena);
    if (where.is_error()) return refuse(std::string(where.as_text()));
    if (where.is_null()) return Reading{};
    if (where.kind() != Kind::boolean) return needs("a bool behind 'where'", where);
    if (!where.as_bool()) return Reading{{}, false};
  }
  const Value value = read_arguments(field, event, arena);
  if (value.is_error()) return refuse(std::string(value.as_text()));
  if (value.is_null()) return Reading{};
  const std::string_view wanted = field.aggregate->refuses(value);
  if (!wanted.empty()) return needs(wanted, value);
  return Reading{value};
}

// A plain path is read directly: an absent field is then no error, as it is in an expression.
Value Emit::read_argument(const Argument& argument, const Event& event, Arena& arena) {
  return argument.path ? argument.path->read(event.data, arena)
                       : argument.expression.evaluate(event, arena);
}

// The value of its argument, or the list of those of its two; null when one is absent.
Value Emit::read_arguments(const Field& field, const Event& event, Arena& arena) {
  if (field.arguments.empty()) return Value::boolean(true);  // count(): every event
  std::array<Value, 2> values;
  bool is_absent = false;
  for (std::size_t i = 0; i < field.arguments.size(); ++i) {
    values[i] = read_argument(field.arguments[i], event, arena);
    if (values[i].is_error()) return values[i];
    is_absent = is_absent || values[i].is_null();
  }
  if (is_absent) return Value::null();
  return field.arguments.size() == 1 ? values[0]
                                     : Value::list(arena.copy(std::span<const Value>(values)));
}

Pane Emit::make_pane() const {
  Pane pane;
  pane.states_ = std::make_unique_for_overwrite<std::byte[]>(pane_bytes_);
  pane.emit_ = this;
  for (const Field& field : fields_) field.aggregate->make(state(pane, field));
  return pane;
}

Pane Emit::copy(const Pane& pane) const {
  Pane copy;
  copy.states_ = std::make_unique_for_overwrite<std::byte[]>(pane_bytes_);
  copy.emit_ = this;
  for (const Field& field : fields_) field.aggregate->copy(state(copy, field), state(pane, field));
  return copy;
}

void Emit::assign(Pane& pane, const Pane& other) const {
  for (const Field& field : fields_) {
    field.aggregate->destroy(state(pane, field));
    field.aggregate->copy(state(pane, field), state(other, field));
  }
}

void Emit::add(Pane& pane, Readings readings, Timestamp time, LeftOut& left_out) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const auto& [value, is_wanted] = readings[i];
    if (!is_wanted) continue;
    if (value.is_null()) {
      ++left_out.absent;
    } else if (!fields_[i].aggregate->add(state(pane, fields_[i]), {value, time})) {
      ++left_out.full;
    }
  }
}

void Emit::merge(Pane& pane, const Pane& later) const {
  for (const Field& field : fields_) {
    field.aggregate->merge(state(pane, field), state(later, field));
  }
}

Value Emit::result(const Pane& pane, Arena& arena) const {
  MapEntry* entries = arena.array<MapEntry>(fields_.size());
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    entries[i] = {Value::string(fields_[i].name),
                  fields_[i].aggregate->result(state(pane, fields_[i]), arena)};
  }
  return Value::map({entries, fields_.size()});
}

Pane Emit::load_pane(ByteReader& in) const {
  Pane pane = make_pane();
  for (const Field& field : fields_) field.aggregate->load(state(pane, field), in);
  return pane;
}

bool Emit::uses_data() const {
  return std::ranges::any_of(fields_, [](const Field& field) {
    const auto uses = [](const Argument& argument) { return argument.expression.uses_data(); };
    return std::ranges::any_of(field.arguments, uses) || (field.where && uses(*field.where));
  });
}

}  // namespace sluice
