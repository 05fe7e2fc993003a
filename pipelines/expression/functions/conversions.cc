// Conversions: int, uint, double, string, bytes, bool, timestamp, duration, dyn, type.
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "pipelines/expression/calendar.h"
#include "pipelines/expression/functions/parts.h"
#include "pipelines/expression/numbers.h"
#include "pipelines/expression/operators.h"
#include "pipelines/expression/plain_text.h"

namespace sluice::cel {
namespace conversions {
namespace {

using Arguments = std::span<const Value>;

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

Value out_of_range(std::string_view type, Context& context) {
  return context.error({"the number is out of range for ", type});
}

Value unreadable(const Value& value, std::string_view type, Context& context) {
  return context.error({"'", value.as_text().substr(0, 100), "' is not ", type});
}

Value same(Arguments arguments, Context&) { return arguments[0]; }

Value to_int(Arguments arguments, Context& context) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::uinteger:
      if (value.as_uint() > std::numeric_limits<std::int64_t>::max()) break;
      return Value::integer(static_cast<std::int64_t>(value.as_uint()));
    case Kind::number:
      // Strictly within: the double -2^63 may stand for a number that does not fit.
      if (!(value.as_double() > -two_to_63 && value.as_double() < two_to_63)) break;
      return Value::integer(static_cast<std::int64_t>(value.as_double()));
    case Kind::timestamp:
      return Value::integer(value.seconds());
    default: {
      const auto number = parse_int(value.as_text());
      return number ? Value::integer(*number) : unreadable(value, "an int", context);
    }
  }
  return out_of_range("int", context);
}

Value to_uint(Arguments arguments, Context& context) {
  const Value& value = arguments[0];
  switch (value.kind()) {
    case Kind::integer:
      if (value.as_int() < 0) break;
      return Value::uinteger(static_cast<std::uint64_t>(value.as_int()));
    case Kind::number:
      if (!(value.as_double() >= 0 && value.as_double() < two_to_64)) break;
      return Value::uinteger(static_cast<std::uint64_t>(value.as_double()));
    default: {
      const auto number = parse_uint(value.as_text());
      return number ? Value::uinteger(*number) : unreadable(value, "a uint", context);
    }
  }
  return out_of_range("uint", context);
}

Value to_double(Arguments arguments, Context& context) {
  const Value& value = arguments[0];
  if (value.is_numeric()) return Value::number(value.to_double());
  const auto number = parse_double(value.as_text());
  return number ? Value::number(*number) : unreadable(value, "a double", context);
}

Value to_string(Arguments arguments, Context& context) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::bytes) {
    if (!is_utf8(value.as_text())) return Value::error("the bytes are not UTF-8");
    return Value::string(value.as_text());
  }
  std::string text;
  const std::string_view problem = append_plain(text, value, context);
  return problem.empty() ? context.string(text) : context.error({problem});
}

Value to_bytes(Arguments arguments, Context&) { return Value::bytes(arguments[0].as_text()); }

Value to_bool(Arguments arguments, Context& context) {
  const std::string_view text = arguments[0].as_text();
  for (const std::string_view yes : {"true", "True", "TRUE", "t", "1"}) {
    if (text == yes) return Value::boolean(true);
  }
  for (const std::string_view no : {"false", "False", "FALSE", "f", "0"}) {
    if (text == no) return Value::boolean(false);
  }
  return unreadable(arguments[0], "a bool", context);
}

Value to_timestamp(Arguments arguments, Context& context) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::integer) {
    return make_timestamp(value.as_int(), 0)
        .value_or(Value::error("the time lies outside the years 1 to 9999"));
  }
  const auto time = parse_timestamp_value(value.as_text());
  return time ? *time : unreadable(value, "an RFC 3339 time such as 2026-11-23T08:00:00Z", context);
}

Value to_duration(Arguments arguments, Context& context) {
  const auto duration = parse_duration_value(arguments[0].as_text());
  return duration ? *duration : unreadable(arguments[0], "a duration such as 1m30s", context);
}

Value type_of(Arguments arguments, Context&) { return Value::type(type_name(arguments[0])); }

constexpr std::array<Definition, 32> definitions{{
    {"int", "(int) -> int", same, "int(7) == 7"},
    {"int", "(uint) -> int", to_int, "int(7u) == 7"},
    {"int", "(double) -> int", to_int, "int(-7.9) == -7"},
    {"int", "(string) -> int", to_int, "int('-7') == -7"},
    {"int", "(timestamp) -> int", to_int, "int(timestamp('1970-01-01T00:01:00Z')) == 60"},
    {"uint", "(uint) -> uint", same, "uint(7u) == 7u"},
    {"uint", "(int) -> uint", to_uint, "uint(7) == 7u"},
    {"uint", "(double) -> uint", to_uint, "uint(7.9) == 7u"},
    {"uint", "(string) -> uint", to_uint, "uint('7') == 7u"},
    {"double", "(double) -> double", same, "double(7.5) == 7.5"},
    {"double", "(int) -> double", to_double, "double(7) == 7.0"},
    {"double", "(uint) -> double", to_double, "double(7u) == 7.0"},
    {"double", "(string) -> double", to_double, "double('7.5') == 7.5"},
    {"string", "(string) -> string", same, "string('a') == 'a'"},
    {"string", "(int) -> string", to_string, "string(-7) == '-7'"},
    {"string", "(uint) -> string", to_string, "string(7u) == '7'"},
    {"string", "(double) -> string", to_string, "string(7.5) == '7.5'"},
    {"string", "(bool) -> string", to_string, "string(true) == 'true'"},
    {"string", "(bytes) -> string", to_string, "string(b'a') == 'a'"},
    {"string", "(timestamp) -> string", to_string,
     "string(timestamp(60)) == '1970-01-01T00:01:00Z'"},
    {"string", "(duration) -> string", to_string, "string(duration('1m30s')) == '90s'"},
    {"bytes", "(bytes) -> bytes", same, "bytes(b'a') == b'a'"},
    {"bytes", "(string) -> bytes", to_bytes, "bytes('a') == b'a'"},
    {"bool", "(bool) -> bool", same, "bool(true)"},
    {"bool", "(string) -> bool", to_bool, "bool('true')"},
    {"timestamp", "(timestamp) -> timestamp", same, "timestamp(timestamp(60)) == timestamp(60)"},
    {"timestamp", "(string) -> timestamp", to_timestamp,
     "timestamp('1970-01-01T01:01:00+01:00') == timestamp(60)"},
    {"timestamp", "(int) -> timestamp", to_timestamp, "timestamp(60) > timestamp(59)"},
    {"duration", "(duration) -> duration", same, "duration(duration('1s')) == duration('1s')"},
    {"duration", "(string) -> duration", to_duration, "duration('1m30s') == duration('90s')"},
    {"dyn", "(A) -> dyn", same, "dyn(1) == 1.0"},
    {"type", "(A) -> type(A)", type_of, "type(1) == int"},
}};

}  // namespace
}  // namespace conversions

std::span<const Definition> conversion_functions() { return conversions::definitions; }

}  // namespace sluice::cel
