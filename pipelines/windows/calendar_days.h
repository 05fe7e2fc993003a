// CalendarDays: tumbling windows that follow the days of a time zone.
//
//   size 1d, offset 6h, Europe/Berlin:   [ 06:00 one day ... 06:00 the next )   23, 24 or 25 hours
//   size 6h:                             each such day from its start anew, by elapsed time
//
// A window of several days begins at every so-many-th day counted from 1970-01-01 in that zone. In
// a day that is not a whole number of windows long the last one is shorter. Where the clocks skip
// the time at which a day starts, it starts when they do.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/result.h"
#include "pipelines/windows/span.h"

namespace sluice {

class CalendarDays final : public SpanRule {
 public:
  // `size` is whole days, or less than one; |offset| < size.
  //   bad_config  there is no such zone
  static Result<std::unique_ptr<SpanRule>> make(Duration size, Duration offset, std::string zone);

  Span span_of(Timestamp time) const override;

 private:
  CalendarDays(Duration size, Duration offset, std::string zone)
      : size_(size), offset_(offset), zone_(std::move(zone)) {}

  // East of UTC, in seconds.
  std::int64_t zone_offset_at(std::int64_t seconds) const;
  // When the clocks of the zone first show this time, or jump over it. In seconds.
  std::int64_t when(std::int64_t local_seconds) const;
  Timestamp start_of_day(std::int64_t day) const;

  const Duration size_;
  const Duration offset_;
  const std::string zone_;
};

}  // namespace sluice
