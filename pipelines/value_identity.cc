#include "pipelines/value_identity.h"

#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/arena.h"

namespace sluice {
namespace {

// A list inside a list inside a list is no value that one counts.
constexpr int max_depth = 4;

Value normal_number(const Value& value) {
  constexpr double exact_below = 9007199254740992.0;  // 2^53
  if (value.kind() == Kind::uinteger &&
      value.as_uint() <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return Value::integer(static_cast<std::int64_t>(value.as_uint()));
  }
  if (value.kind() == Kind::number && std::fabs(value.as_double()) < exact_below &&
      std::trunc(value.as_double()) == value.as_double()) {
    return Value::integer(static_cast<std::int64_t>(value.as_double()));
  }
  return value;
}

bool is_countable(const Value& value, int depth) {
  switch (value.kind()) {
    case Kind::boolean:
    case Kind::integer:
    case Kind::uinteger:
    case Kind::string:
    case Kind::bytes:
    case Kind::timestamp:
    case Kind::duration:
      return true;
    case Kind::number:
      return std::isfinite(value.as_double());
    case Kind::list:
      for (const Value& item : value.as_list()) {
        if (depth == max_depth || !(item.is_null() || is_countable(item, depth + 1))) return false;
      }
      return true;
    default:
      return false;
  }
}

bool is_normal(const Value& value) {
  return value.kind() == Kind::list ? std::ranges::all_of(value.as_list(), is_normal)
                                    : normal_number(value).kind() == value.kind();
}

Value normal(const Value& value, Arena& arena) {
  if (value.kind() != Kind::list) return normal_number(value);
  const auto items = value.as_list();
  Value* const copies = arena.array<Value>(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) copies[i] = normal(items[i], arena);
  return Value::list({copies, items.size()});
}

}  // namespace

bool has_identity(const Value& value) { return is_countable(value, 0); }

bool has_identity(const Value& value, std::size_t max_bytes) {
  if (!has_identity(value)) return false;
  if (value.kind() == Kind::string || value.kind() == Kind::bytes) {
    constexpr std::size_t kind_and_size = 3;  // bytes before those of a text that is this short
    return value.as_text().size() + kind_and_size <= max_bytes;
  }
  if (value.kind() != Kind::list) return true;
  std::string bytes;
  append_identity(bytes, value);
  return bytes.size() <= max_bytes;
}

void append_identity(std::string& out, const Value& value) {
  if (is_normal(value)) {
    encode(out, value);
  } else {
    Arena scratch(1024);
    encode(out, normal(value, scratch));
  }
}

std::uint64_t hash_identity(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace sluice
