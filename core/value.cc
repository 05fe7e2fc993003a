#include "core/value.h"

#include <algorithm>
#include <limits>

namespace sluice {
namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000;

struct Split {
  std::int64_t seconds;
  std::uint32_t nanos;
};

Split split(std::int64_t nanos) {
  std::int64_t seconds = nanos / nanos_per_second;
  std::int64_t rest = nanos % nanos_per_second;
  if (rest < 0) {
    rest += nanos_per_second;
    --seconds;
  }
  return {seconds, static_cast<std::uint32_t>(rest)};
}

std::int64_t join_saturated(const Value& value) {
  std::int64_t total = 0;
  if (__builtin_mul_overflow(value.seconds(), nanos_per_second, &total) ||
      __builtin_add_overflow(total, static_cast<std::int64_t>(value.nanos()), &total)) {
    return value.seconds() < 0 ? std::numeric_limits<std::int64_t>::min()
                               : std::numeric_limits<std::int64_t>::max();
  }
  return total;
}

bool is_same_map(const Value& a, const Value& b) {
  if (a.as_map().size() != b.as_map().size()) return false;
  return std::ranges::all_of(a.as_map(), [&](const MapEntry& left) {
    return std::ranges::any_of(b.as_map(), [&](const MapEntry& right) {
      return is_same(left.key, right.key) && is_same(left.value, right.value);
    });
  });
}

}  // namespace

Value Value::timestamp(Timestamp time) {
  const Split parts = split(time.time_since_epoch().count());
  return timestamp(parts.seconds, parts.nanos);
}

Value Value::duration(Duration duration) {
  const Split parts = split(duration.count());
  return Value::duration(parts.seconds, parts.nanos);
}

double Value::to_double() const {
  switch (kind_) {
    case Kind::integer:
      return static_cast<double>(u_.i);
    case Kind::uinteger:
      return static_cast<double>(u_.u);
    default:
      return u_.d;
  }
}

const Value* Value::find(std::string_view key) const {
  if (kind_ != Kind::map) return nullptr;
  for (const MapEntry& entry : as_map()) {
    if (entry.key.kind() == Kind::string && entry.key.as_text() == key) return &entry.value;
  }
  return nullptr;
}

Timestamp to_timestamp(const Value& value) { return Timestamp(Duration(join_saturated(value))); }
Duration to_duration(const Value& value) { return Duration(join_saturated(value)); }

bool fits_timestamp(const Value& value) {
  const Split parts = split(join_saturated(value));
  return parts.seconds == value.seconds() && parts.nanos == value.nanos();
}

Value copy_to(Arena& arena, const Value& value) {
  switch (value.kind()) {
    case Kind::string:
      return Value::string(arena.copy(value.as_text()));
    case Kind::bytes:
      return Value::bytes(arena.copy(value.as_text()));
    case Kind::type:
      return Value::type(arena.copy(value.as_text()));
    case Kind::error:
      return Value::error(arena.copy(value.as_text()));
    case Kind::list: {
      const auto items = value.as_list();
      Value* copies = arena.array<Value>(items.size());
      for (std::size_t i = 0; i < items.size(); ++i) copies[i] = copy_to(arena, items[i]);
      return Value::list({copies, items.size()});
    }
    case Kind::map: {
      const auto entries = value.as_map();
      MapEntry* copies = arena.array<MapEntry>(entries.size());
      for (std::size_t i = 0; i < entries.size(); ++i) {
        copies[i] = {copy_to(arena, entries[i].key), copy_to(arena, entries[i].value)};
      }
      return Value::map({copies, entries.size()});
    }
    case Kind::optional: {
      const Value* inner = value.as_optional();
      return inner == nullptr ? Value::none() : Value::some(arena.make(copy_to(arena, *inner)));
    }
    default:
      return value;
  }
}

bool is_same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.as_bool() == b.as_bool();
    case Kind::integer:
      return a.as_int() == b.as_int();
    case Kind::uinteger:
      return a.as_uint() == b.as_uint();
    case Kind::number:
      return a.as_double() == b.as_double();
    case Kind::string:
    case Kind::bytes:
    case Kind::type:
    case Kind::error:
      return a.as_text() == b.as_text();
    case Kind::list:
      return std::ranges::equal(a.as_list(), b.as_list(), is_same);
    case Kind::map:
      return is_same_map(a, b);
    case Kind::timestamp:
    case Kind::duration:
      return a.seconds() == b.seconds() && a.nanos() == b.nanos();
    case Kind::optional: {
      const Value* left = a.as_optional();
      const Value* right = b.as_optional();
      return left == nullptr || right == nullptr ? left == right : is_same(*left, *right);
    }
  }
  return false;
}

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::uinteger:
      return "uint";
    case Kind::number:
      return "double";
    case Kind::string:
      return "string";
    case Kind::bytes:
      return "bytes";
    case Kind::list:
      return "list";
    case Kind::map:
      return "map";
    case Kind::timestamp:
      return "timestamp";
    case Kind::duration:
      return "duration";
    case Kind::type:
      return "type";
    case Kind::optional:
      return "optional";
    case Kind::error:
      return "error";
  }
  return "?";
}

bool is_utf8(std::string_view text) {
  const auto* byte = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = byte + text.size();
  while (byte != end) {
    const unsigned char lead = *byte++;
    if (lead < 0x80) continue;
    // The table of RFC 3629 section 4: how many bytes follow, and what the first of them may be.
    int following = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      following = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      following = 2;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      following = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    for (int i = 0; i < following; ++i, ++byte) {
      if (byte == end || *byte < low || *byte > high) return false;
      low = 0x80;
      high = 0xBF;
    }
  }
  return true;
}

}  // namespace sluice
