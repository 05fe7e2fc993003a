// Timestamps and durations of CEL: their range, their text, and the parts of a date.
//
// A timestamp lies in the years 1 to 9999, a duration within 10,000 years either way
// (google/protobuf/timestamp.proto and duration.proto); both count nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/value.h"

namespace sluice::cel {

// The value, or nothing when it is out of range. `nanos` may be any number.
std::optional<Value> make_timestamp(std::int64_t seconds, std::int64_t nanos);
std::optional<Value> make_duration(std::int64_t seconds, std::int64_t nanos);

// RFC 3339, with any offset; digits beyond nanoseconds are an error.
std::optional<Value> parse_timestamp_value(std::string_view text);
std::string timestamp_text(const Value& timestamp);  // "2026-11-23T08:00:00.25Z"

// "1h30m", "-1.5s", "250ms"; units h m s ms us ns.
std::optional<Value> parse_duration_value(std::string_view text);
std::string duration_text(const Value& duration);  // in seconds: "-1.5s"

// Seconds east of UTC of a zone at a time: "UTC", "+02:00", "-02:30", "02:00", "Europe/Berlin".
// Nothing: there is no such zone.
std::optional<std::int64_t> zone_offset(std::string_view zone, std::int64_t seconds);

struct CalendarTime {
  std::int64_t year;
  std::int64_t month;        // 0 to 11
  std::int64_t day_of_year;  // from 0
  std::int64_t day;          // of the month, from 1
  std::int64_t day_of_week;  // 0 is Sunday
  std::int64_t hour;
  std::int64_t minute;
  std::int64_t second;
};
CalendarTime calendar_time(std::int64_t local_seconds);

}  // namespace sluice::cel
