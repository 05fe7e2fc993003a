// What sensor data needs beyond CEL: MQTT topic filters, times as numbers, rounding, clamping.
// These names are Sluice's own; no other implementation of CEL has them.
#include <array>
#include <charconv>
#include <cmath>
#include <compare>
#include <optional>

#include "pipelines/expression/access.h"
#include "pipelines/expression/calendar.h"
#include "pipelines/expression/compare.h"
#include "pipelines/expression/functions/parts.h"
#include "pipelines/expression/numbers.h"

namespace sluice::cel {
namespace events {
namespace {

using Arguments = std::span<const Value>;

// MQTT 5.0, section 4.7: '+' is any one level, '#' at the end any number of levels, and neither
// matches a first level that starts with '$'.
bool matches_filter(std::span<const Value> levels, std::string_view filter) {
  const auto text = [&](std::size_t i) {
    return levels[i].kind() == Kind::string ? levels[i].as_text() : std::string_view();
  };
  const bool is_system = !levels.empty() && text(0).starts_with('$');
  std::size_t level = 0;
  bool is_last = false;
  while (!is_last) {
    const std::size_t end = filter.find('/');
    is_last = end == std::string_view::npos;
    const std::string_view wanted = filter.substr(0, end);
    if (wanted == "#") return is_last && !(level == 0 && is_system);
    if (level >= levels.size()) return false;
    const bool is_any = wanted == "+" && !(level == 0 && is_system);
    if (!is_any && wanted != text(level)) return false;
    ++level;
    if (!is_last) filter.remove_prefix(end + 1);
  }
  return level == levels.size();
}

Value topic_matches(Arguments arguments, Context&) {
  return Value::boolean(matches_filter(arguments[0].as_list(), arguments[1].as_text()));
}

// A time from a count of units since the epoch, of which a second has `per_second`.
template <std::int64_t per_second>
Value from_epoch(Arguments arguments, Context& context) {
  const Value& count = arguments[0];
  std::optional<Value> time;
  if (count.kind() == Kind::integer) {
    time = make_timestamp(count.as_int() / per_second,
                          count.as_int() % per_second * (1'000'000'000 / per_second));
  } else {
    const double seconds = std::floor(count.as_double() / static_cast<double>(per_second));
    const double rest = count.as_double() - seconds * static_cast<double>(per_second);
    if (std::abs(seconds) < 1e12) {
      const double nanos = std::round(rest * (1e9 / static_cast<double>(per_second)));
      time = make_timestamp(static_cast<std::int64_t>(seconds), static_cast<std::int64_t>(nanos));
    }
  }
  return time ? *time : context.error({"the time lies outside the years 1 to 9999"});
}

// To so many decimals, as a person writes the number down: through its decimal text, which rounds
// exactly. A tie goes to the even digit.
Value round_to(Arguments arguments, Context& context) {
  const double number = arguments[0].as_double();
  const std::int64_t digits = arguments[1].as_int();
  if (digits < 0 || digits > 17) return context.error({"round() takes 0 to 17 digits"});
  if (!std::isfinite(number)) return arguments[0];
  std::array<char, 400> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                 std::chars_format::fixed, static_cast<int>(digits))
                       .ptr;
  double rounded = number;
  std::from_chars(text.data(), end, rounded);
  return Value::number(rounded);
}

Value clamp(Arguments arguments, Context& context) {
  const Value& low = arguments[1];
  const Value& high = arguments[2];
  for (const Value& argument : arguments) {
    if (!argument.is_numeric()) return context.error({"clamp() takes numbers only"});
  }
  if (std::is_gt(compare_numbers(low, high)))
    return context.error({"clamp()'s bounds are swapped"});
  if (std::is_lt(compare_numbers(arguments[0], low))) return low;
  return std::is_gt(compare_numbers(arguments[0], high)) ? high : arguments[0];
}

// What a table says of a key; a key that it does not have gives null, or what stands third.
Value lookup(Arguments arguments, Context& context) {
  const Value* found = find_key(arguments[0], arguments[1], context);
  if (found != nullptr) return *found;
  return arguments.size() == 3 ? arguments[2] : Value::null();
}

constexpr std::array<Definition, 13> definitions{{
    {"topic_matches", "(list(string), string) -> bool", topic_matches,
     "topic_matches(['plant', '7', 'temp'], 'plant/+/temp')"},
    {"timestamp_from_s", "(int) -> timestamp", from_epoch<1>,
     "timestamp_from_s(60) == timestamp(60)"},
    {"timestamp_from_s", "(double) -> timestamp", from_epoch<1>,
     "timestamp_from_s(60.5) == timestamp('1970-01-01T00:01:00.5Z')"},
    {"timestamp_from_ms", "(int) -> timestamp", from_epoch<1'000>,
     "timestamp_from_ms(60500) == timestamp('1970-01-01T00:01:00.5Z')"},
    {"timestamp_from_ms", "(double) -> timestamp", from_epoch<1'000>,
     "timestamp_from_ms(60500.0) == timestamp('1970-01-01T00:01:00.5Z')"},
    {"timestamp_from_us", "(int) -> timestamp", from_epoch<1'000'000>,
     "timestamp_from_us(60000000) == timestamp(60)"},
    {"timestamp_from_us", "(double) -> timestamp", from_epoch<1'000'000>,
     "timestamp_from_us(60000000.0) == timestamp(60)"},
    {"timestamp_from_ns", "(int) -> timestamp", from_epoch<1'000'000'000>,
     "timestamp_from_ns(60000000000) == timestamp(60)"},
    {"timestamp_from_ns", "(double) -> timestamp", from_epoch<1'000'000'000>,
     "timestamp_from_ns(60000000000.0) == timestamp(60)"},
    {"round", "(double, int) -> double", round_to, "round(22.4567, 2) == 22.46"},
    {"clamp", "(A, A, A) -> A", clamp, "clamp(120, 0, 100) == 100"},
    {"lookup", "(map(A, B), A) -> dyn", lookup, "lookup({'p7': 'pump'}, 'p8') == null"},
    {"lookup", "(map(A, B), A, B) -> dyn", lookup, "lookup({'p7': 'pump'}, 'p8', '?') == '?'"},
}};

}  // namespace
}  // namespace events

std::span<const Definition> event_functions() { return events::definitions; }

}  // namespace sluice::cel
