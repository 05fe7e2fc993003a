#include "pipelines/aggregates/kept_value.h"

namespace sluice {

bool KeptValue::fits(const Value& value) {
  switch (value.kind()) {
    case Kind::type:
    case Kind::optional:
    case Kind::error:
      return false;
    case Kind::string:
    case Kind::bytes:
      return value.as_text().size() + 3 <= max_bytes;
    case Kind::list:
    case Kind::map: {
      std::string bytes;
      encode(bytes, value);
      return bytes.size() <= max_bytes && is_storable(value);
    }
    default:
      return true;
  }
}

Value KeptValue::value(Arena& arena) const {
  if (bytes_.empty()) return Value::null();
  std::string_view bytes = arena.copy(bytes_);
  const auto value = decode_value(bytes, arena);
  CHECK(value.is_ok());  // load() let nothing else in
  return *value;
}

void KeptValue::load(ByteReader& in) {
  const std::string_view bytes = in.text();
  if (!bytes.empty()) {
    Arena scratch(256);
    std::string_view rest = bytes;
    if (!decode_value(rest, scratch) || !rest.empty()) {
      in.fail();
      return;
    }
  }
  bytes_ = bytes;  // it was empty
}

}  // namespace sluice
