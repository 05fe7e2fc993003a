#include "pipelines/windows/window_key.h"

#include <cmath>

#include "core/value.h"

namespace sluice {
namespace {

// Makes numbers that are equal the same Value. False: this cannot be (part of) a key.
bool normalise(Value& value, Arena& arena) {
  constexpr double exact_below = 9007199254740992.0;  // 2^53
  switch (value.kind()) {
    case Kind::uinteger:
      if (value.as_uint() <= static_cast<std::uint64_t>(INT64_MAX)) {
        value = Value::integer(static_cast<std::int64_t>(value.as_uint()));
      }
      return true;
    case Kind::number: {
      const double number = value.as_double();
      if (!std::isfinite(number)) return false;
      if (std::fabs(number) < exact_below && std::trunc(number) == number) {
        value = Value::integer(static_cast<std::int64_t>(number));
      }
      return true;
    }
    case Kind::list: {
      const auto items = value.as_list();
      Value* copies = arena.array<Value>(items.size());
      for (std::size_t i = 0; i < items.size(); ++i) {
        copies[i] = items[i];
        if (!normalise(copies[i], arena)) return false;
      }
      value = Value::list({copies, items.size()});
      return true;
    }
    case Kind::map:
    case Kind::type:
    case Kind::optional:
    case Kind::error:
      return false;
    default:
      return true;
  }
}

}  // namespace

Result<std::string_view> WindowKey::read(const Event& event, Arena& arena) {
  bytes_.clear();
  if (!expression_) return std::string_view{};
  Value value = expression_->evaluate(event, arena);
  if (value.is_error()) return Error{ErrorKind::bad_input, "key: " + std::string(value.as_text())};
  if (!normalise(value, arena)) {
    return Error{
        ErrorKind::bad_input,
        "key: a value of type " + std::string(kind_name(value.kind())) + " cannot be a key"};
  }
  encode(bytes_, value);
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
