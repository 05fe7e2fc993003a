// Times: the parts of timestamps and durations. With a zone's name or offset, the local time there.
#include <array>

#include "pipelines/expression/calendar.h"
#include "pipelines/expression/functions/parts.h"

namespace sluice::cel {
namespace times {
namespace {

using Arguments = std::span<const Value>;
using Part = std::int64_t (*)(const CalendarTime&);

template <Part part>
Value calendar_part(Arguments arguments, Context& context) {
  std::int64_t seconds = arguments[0].seconds();
  if (arguments.size() > 1) {
    const std::string_view zone = arguments[1].as_text();
    const auto offset = zone_offset(zone, seconds);
    if (!offset) return context.error({"'", zone.substr(0, 100), "' is not a time zone"});
    seconds += *offset;
  }
  return Value::integer(part(calendar_time(seconds)));
}

constexpr Part year = [](const CalendarTime& time) { return time.year; };
constexpr Part month = [](const CalendarTime& time) { return time.month; };
constexpr Part day_of_year = [](const CalendarTime& time) { return time.day_of_year; };
constexpr Part day_of_month = [](const CalendarTime& time) { return time.day - 1; };
constexpr Part date = [](const CalendarTime& time) { return time.day; };
constexpr Part day_of_week = [](const CalendarTime& time) { return time.day_of_week; };
constexpr Part hours = [](const CalendarTime& time) { return time.hour; };
constexpr Part minutes = [](const CalendarTime& time) { return time.minute; };
constexpr Part seconds_of = [](const CalendarTime& time) { return time.second; };

// No zone shifts by a part of a second.
Value milliseconds(Arguments arguments, Context& context) {
  if (arguments.size() > 1 && !zone_offset(arguments[1].as_text(), arguments[0].seconds())) {
    return context.error({"'", arguments[1].as_text().substr(0, 100), "' is not a time zone"});
  }
  return Value::integer(arguments[0].nanos() / 1'000'000);
}

// Whole units of a duration; what is left is cut off toward zero.
template <std::int64_t unit_seconds>
Value duration_units(Arguments arguments, Context&) {
  std::int64_t seconds = arguments[0].seconds();
  if (seconds < 0 && arguments[0].nanos() != 0) ++seconds;
  return Value::integer(seconds / unit_seconds);
}

Value duration_milliseconds(Arguments arguments, Context&) {
  const std::int64_t nanos = arguments[0].nanos();
  const bool is_negative = arguments[0].seconds() < 0 && nanos != 0;
  return Value::integer((is_negative ? nanos - 1'000'000'000 : nanos) / 1'000'000);
}

constexpr std::string_view utc = "timestamp.() -> int";
constexpr std::string_view zoned = "timestamp.(string) -> int";
constexpr std::string_view of_duration = "duration.() -> int";

// The examples look at Friday, 2009-02-13T23:31:30Z.
constexpr std::array<Definition, 24> definitions{{
    {"getFullYear", utc, calendar_part<year>, "timestamp(1234567890).getFullYear() == 2009"},
    {"getFullYear", zoned, calendar_part<year>,
     "timestamp(1234567890).getFullYear('+01:00') == 2009"},
    {"getMonth", utc, calendar_part<month>, "timestamp(1234567890).getMonth() == 1"},
    {"getMonth", zoned, calendar_part<month>, "timestamp(1234567890).getMonth('+01:00') == 1"},
    {"getDayOfYear", utc, calendar_part<day_of_year>, "timestamp(1234567890).getDayOfYear() == 43"},
    {"getDayOfYear", zoned, calendar_part<day_of_year>,
     "timestamp(1234567890).getDayOfYear('+01:00') == 44"},
    {"getDayOfMonth", utc, calendar_part<day_of_month>,
     "timestamp(1234567890).getDayOfMonth() == 12"},
    {"getDayOfMonth", zoned, calendar_part<day_of_month>,
     "timestamp(1234567890).getDayOfMonth('+01:00') == 13"},
    {"getDate", utc, calendar_part<date>, "timestamp(1234567890).getDate() == 13"},
    {"getDate", zoned, calendar_part<date>, "timestamp(1234567890).getDate('+01:00') == 14"},
    {"getDayOfWeek", utc, calendar_part<day_of_week>, "timestamp(1234567890).getDayOfWeek() == 5"},
    {"getDayOfWeek", zoned, calendar_part<day_of_week>,
     "timestamp(1234567890).getDayOfWeek('+01:00') == 6"},
    {"getHours", utc, calendar_part<hours>, "timestamp(1234567890).getHours() == 23"},
    {"getHours", zoned, calendar_part<hours>,
     "timestamp(1234567890).getHours('Europe/Berlin') == 0"},
    {"getHours", of_duration, duration_units<3600>, "duration('90m').getHours() == 1"},
    {"getMinutes", utc, calendar_part<minutes>, "timestamp(1234567890).getMinutes() == 31"},
    {"getMinutes", zoned, calendar_part<minutes>,
     "timestamp(1234567890).getMinutes('-02:30') == 1"},
    {"getMinutes", of_duration, duration_units<60>, "duration('90m').getMinutes() == 90"},
    {"getSeconds", utc, calendar_part<seconds_of>, "timestamp(1234567890).getSeconds() == 30"},
    {"getSeconds", zoned, calendar_part<seconds_of>,
     "timestamp(1234567890).getSeconds('UTC') == 30"},
    {"getSeconds", of_duration, duration_units<1>, "duration('90m').getSeconds() == 5400"},
    {"getMilliseconds", utc, milliseconds,
     "timestamp('2009-02-13T23:31:30.25Z').getMilliseconds() == 250"},
    {"getMilliseconds", zoned, milliseconds,
     "timestamp('2009-02-13T23:31:30.25Z').getMilliseconds('UTC') == 250"},
    {"getMilliseconds", of_duration, duration_milliseconds,
     "duration('1.25s').getMilliseconds() == 250"},
}};

}  // namespace
}  // namespace times

std::span<const Definition> time_functions() { return times::definitions; }

}  // namespace sluice::cel
