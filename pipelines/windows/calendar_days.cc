#include "pipelines/windows/calendar_days.h"

#include <algorithm>

#include "pipelines/expression/calendar.h"
#include "pipelines/saturate.h"

namespace sluice {
namespace {

constexpr Duration one_day = std::chrono::hours(24);
constexpr std::int64_t day_seconds = 24 * 60 * 60;

std::int64_t floor_divide(std::int64_t number, std::int64_t divisor) {
  const std::int64_t quotient = number / divisor;
  return number % divisor < 0 ? quotient - 1 : quotient;
}

}  // namespace

Result<std::unique_ptr<SpanRule>> CalendarDays::make(Duration size, Duration offset,
                                                     std::string zone) {
  if (!cel::zone_offset(zone, 0)) {
    return Error{ErrorKind::bad_config,
                 "there is no time zone '" + zone + "'; write for example \"Europe/Berlin\""};
  }
  return std::unique_ptr<SpanRule>(new CalendarDays(size, offset, std::move(zone)));
}

std::int64_t CalendarDays::zone_offset_at(std::int64_t seconds) const {
  // The zone was there at the start; were its data gone since, its days would be those of UTC.
  return cel::zone_offset(zone_, seconds).value_or(0);
}

std::int64_t CalendarDays::when(std::int64_t local_seconds) const {
  // The clocks change at most once within two days.
  const std::int64_t before = zone_offset_at(local_seconds - day_seconds);
  const std::int64_t after = zone_offset_at(local_seconds + day_seconds);
  if (zone_offset_at(local_seconds - before) == before) return local_seconds - before;
  if (zone_offset_at(local_seconds - after) == after) return local_seconds - after;
  // Skipped: the change lies between the two.
  std::int64_t low = local_seconds - std::max(before, after);
  std::int64_t high = local_seconds - std::min(before, after);
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (zone_offset_at(middle) == before ? low : high) = middle;
  }
  return high;
}

Timestamp CalendarDays::start_of_day(std::int64_t day) const {
  const std::int64_t offset = std::chrono::floor<std::chrono::seconds>(offset_).count();
  const Duration rest = offset_ - std::chrono::seconds(offset);
  return add_saturated(Timestamp{}, std::chrono::seconds(when(day * day_seconds + offset))) + rest;
}

Span CalendarDays::span_of(Timestamp time) const {
  const std::int64_t days = std::max<std::int64_t>(size_ / one_day, 1);
  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  const std::int64_t offset = std::chrono::floor<std::chrono::seconds>(offset_).count();
  std::int64_t day =
      floor_divide(seconds + zone_offset_at(seconds) - offset, day_seconds * days) * days;
  // Where the clocks go back, a time shown twice may lie on either side of a day's start.
  if (time < start_of_day(day)) day -= days;
  if (time >= start_of_day(day + days)) day += days;
  const Span whole{start_of_day(day), start_of_day(day + days)};
  if (size_ >= one_day) return whole;
  const Timestamp start = whole.start + (time - whole.start) / size_ * size_;
  return {start, std::min(add_saturated(start, size_), whole.end)};
}

}  // namespace sluice
