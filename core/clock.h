// Time, handed in. Only main and tests choose a Clock.
//
//   Timestamp   wall time: stamps events that bring none, and is shown to people
//   EngineTime  never goes back, does not jump with the wall clock, continues after a restart;
//               it alone drives time-outs, lateness by age and timers (a step gets it as an
//               argument)
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

using Duration = std::chrono::nanoseconds;
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;  // 1678 to 2262

// Nanoseconds since the store was created, less the time that the gateway was off.
enum class EngineTime : std::int64_t {};

constexpr EngineTime operator+(EngineTime time, Duration duration) {
  return EngineTime{static_cast<std::int64_t>(time) + duration.count()};
}
constexpr Duration operator-(EngineTime a, EngineTime b) {
  return Duration{static_cast<std::int64_t>(a) - static_cast<std::int64_t>(b)};
}

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp wall() const = 0;
  // Since some fixed instant of this boot; never goes back.
  virtual Duration monotonic() const = 0;
  // Whether the wall time is known to be true (NTP). That of a clock in a test is.
  virtual bool is_synchronised() const { return true; }
  // Of the boot that monotonic() counts in: two monotonic times compare only within one.
  virtual std::uint64_t boot_id() const { return 1; }
};

class SystemClock final : public Clock {
 public:
  Timestamp wall() const override;
  Duration monotonic() const override;
  bool is_synchronised() const override;   // as the kernel says
  std::uint64_t boot_id() const override;  // the same
};

// RFC 3339 in UTC with as many decimals as needed: 2026-11-23T08:00:00.25Z.
std::string format_timestamp(Timestamp time);
void append_timestamp(std::string& out, Timestamp time);

// Reads RFC 3339 with any offset. Errors: bad_input, also when outside 1678 to 2262.
Result<Timestamp> parse_timestamp(std::string_view text);

// "10s", "1m30s", "250ms", "2h", "1d"; units ns us ms s m h d. Errors: bad_input.
Result<Duration> parse_duration(std::string_view text);
// The shortest text that parse_duration reads back: "1m30s".
std::string format_duration(Duration duration);

}  // namespace sluice
