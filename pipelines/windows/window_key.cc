#include "pipelines/windows/window_key.h"

#include "core/value.h"
#include "pipelines/value_identity.h"

namespace sluice {
Result<std::string_view> WindowKey::read(const Event& event, Arena& arena) {
  bytes_.clear();
  if (!expression_) return std::string_view{};
  const Value value = expression_->evaluate(event, arena);
  if (value.is_error()) return Error{ErrorKind::bad_input, "key: " + std::string(value.as_text())};
  if (!value.is_null() && !has_identity(value)) {
    return Error{
        ErrorKind::bad_input,
        "key: a value of type " + std::string(kind_name(value.kind())) + " cannot be a key"};
  }
  append_identity(bytes_, value);
  if (bytes_.size() > max_bytes) {
    return Error{ErrorKind::bad_input, "key: it has more than 1024 bytes"};
  }
  return std::string_view(bytes_);
}

std::string_view key_text(std::string_view key, Arena& arena) {
  if (key.empty()) return {};
  std::string_view rest = arena.copy(key);
  const auto value = decode_value(rest, arena);
  CHECK(value.is_ok());  // keys are made by encode(), or were checked when loaded
  if (value->is_null()) return {};
  return value->kind() == Kind::string ? value->as_text() : arena.copy(to_json(*value));
}

}  // namespace sluice
