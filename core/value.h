// Value: one datum of an event or of an expression. JSON's kinds, and CEL's.
//
// Sixteen bytes, trivially copyable. Strings, lists and maps are lent: their bytes live in an
// Arena, a message or a constant that outlives the Value (see `copy_to`).
//
//   kind | detail (size, nanoseconds) | bool, int, double, pointer
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/clock.h"

namespace sluice {

struct MapEntry;

enum class Kind : std::uint8_t {
  null,
  boolean,
  integer,   // signed 64 bit: a JSON number without fraction or exponent that fits
  uinteger,  // unsigned 64 bit: only in expressions
  number,    // double
  string,    // UTF-8
  bytes,
  list,
  map,
  timestamp,
  duration,
  type,      // the name of a type (expressions only)
  optional,  // none or one value (expressions only)
  error,     // why there is no value (expressions only); carries the reason
};

class Value {
 public:
  constexpr Value() = default;
  static constexpr Value null() { return {}; }
  static constexpr Value boolean(bool b) {
    Value v(Kind::boolean);
    v.u_.b = b;
    return v;
  }
  static constexpr Value integer(std::int64_t i) {
    Value v(Kind::integer);
    v.u_.i = i;
    return v;
  }
  static constexpr Value uinteger(std::uint64_t u) {
    Value v(Kind::uinteger);
    v.u_.u = u;
    return v;
  }
  static constexpr Value number(double d) {
    Value v(Kind::number);
    v.u_.d = d;
    return v;
  }
  static constexpr Value string(std::string_view s) { return text(Kind::string, s); }
  static constexpr Value bytes(std::string_view s) { return text(Kind::bytes, s); }
  static constexpr Value type(std::string_view name) { return text(Kind::type, name); }
  static constexpr Value error(std::string_view reason) { return text(Kind::error, reason); }
  static constexpr Value list(std::span<const Value> items) {
    Value v(Kind::list);
    v.detail_ = static_cast<std::uint32_t>(items.size());
    v.u_.items = items.data();
    return v;
  }
  static constexpr Value map(std::span<const MapEntry> entries);
  static constexpr Value none() {
    Value v(Kind::optional);
    v.u_.items = nullptr;
    return v;
  }
  static constexpr Value some(const Value* value) {
    Value v(Kind::optional);
    v.detail_ = 1;
    v.u_.items = value;
    return v;
  }
  // `nanos` lies in [0, 1e9): a time before the epoch has negative seconds.
  static constexpr Value timestamp(std::int64_t seconds, std::uint32_t nanos) {
    Value v(Kind::timestamp);
    v.detail_ = nanos;
    v.u_.i = seconds;
    return v;
  }
  static Value timestamp(Timestamp time);
  static constexpr Value duration(std::int64_t seconds, std::uint32_t nanos) {
    Value v(Kind::duration);
    v.detail_ = nanos;
    v.u_.i = seconds;
    return v;
  }
  static Value duration(Duration duration);

  constexpr Kind kind() const { return kind_; }
  constexpr bool is_null() const { return kind_ == Kind::null; }
  constexpr bool is_error() const { return kind_ == Kind::error; }
  constexpr bool is_numeric() const {
    return kind_ == Kind::integer || kind_ == Kind::uinteger || kind_ == Kind::number;
  }

  // Each may be called only for its own kind.
  constexpr bool as_bool() const { return u_.b; }
  constexpr std::int64_t as_int() const { return u_.i; }
  constexpr std::uint64_t as_uint() const { return u_.u; }
  constexpr double as_double() const { return u_.d; }
  constexpr std::string_view as_text() const {
    return {u_.s, detail_};
  }  // string, bytes, type, error
  constexpr std::span<const Value> as_list() const { return {u_.items, detail_}; }
  constexpr std::span<const MapEntry> as_map() const;
  constexpr const Value* as_optional() const { return detail_ == 0 ? nullptr : u_.items; }
  constexpr std::int64_t seconds() const { return u_.i; }    // timestamp, duration: rounded down
  constexpr std::uint32_t nanos() const { return detail_; }  // the rest, in [0, 1e9)

  // Any numeric kind as a double.
  double to_double() const;

  // The member of a map with this string key, or nullptr.
  const Value* find(std::string_view key) const;

 private:
  explicit constexpr Value(Kind kind) : kind_(kind) {}
  static constexpr Value text(Kind kind, std::string_view s) {
    Value v(kind);
    v.detail_ = static_cast<std::uint32_t>(s.size());
    v.u_.s = s.data();
    return v;
  }

  Kind kind_ = Kind::null;
  std::uint32_t detail_ = 0;
  union Payload {
    bool b;
    std::int64_t i;
    std::uint64_t u = 0;
    double d;
    const char* s;
    const Value* items;
    const MapEntry* entries;
  } u_;
};

struct MapEntry {
  Value key;
  Value value;
};

constexpr Value Value::map(std::span<const MapEntry> entries) {
  Value v(Kind::map);
  v.detail_ = static_cast<std::uint32_t>(entries.size());
  v.u_.entries = entries.data();
  return v;
}
constexpr std::span<const MapEntry> Value::as_map() const { return {u_.entries, detail_}; }

// A Timestamp or Duration of the Value, saturated at the ends of the int64 nanosecond range.
Timestamp to_timestamp(const Value& value);
Duration to_duration(const Value& value);
// True when to_timestamp loses nothing.
bool fits_timestamp(const Value& value);

// The same value with all its bytes in `arena`.
Value copy_to(Arena& arena, const Value& value);

// Same kind and content (doubles by value: NaN equals nothing). Maps compare without order.
// Expressions have wider rules of their own (1 == 1.0).
bool is_same(const Value& a, const Value& b);

std::string_view kind_name(Kind kind);  // "null", "bool", "int", "uint", "double", "string" ...

// Appends JSON. int64 as digits; doubles by std::to_chars (shortest); NaN and infinities as null;
// bytes as base64 text; timestamps as RFC 3339 text; durations as "1.5s" text. No spaces, no
// newline.
void append_json(std::string& out, const Value& value);
std::string to_json(const Value& value);
void append_json_string(std::string& out, std::string_view text);  // with its quotes
void append_number(std::string& out, double number);
void append_integer(std::string& out, std::int64_t number);
void append_unsigned(std::string& out, std::uint64_t number);
void append_base64(std::string& out, std::string_view bytes);

// The binary form that the store keeps: self-delimiting, the same bytes on every machine.
void encode(std::string& out, const Value& value);
// Whether decode_value() can read what encode() makes of it: it is no deeper than max_value_depth.
bool is_storable(const Value& value);
// Lists and maps inside each other: far more than decoders accept (max_json_depth) and steps wrap
// around it.
inline constexpr int max_value_depth = 1024;
// Reads one value and moves `in` past it; strings are lent from `in`. Errors: corrupt.
Result<Value> decode_value(std::string_view& in, Arena& arena);

bool is_utf8(std::string_view text);

}  // namespace sluice
