#include "pipelines/expression/calendar.h"

#include <gtest/gtest.h>

namespace sluice::cel {
namespace {

std::string duration_again(std::string_view text) {
  const auto duration = parse_duration_value(text);
  return duration ? duration_text(*duration) : "none";
}

std::string timestamp_again(std::string_view text) {
  const auto timestamp = parse_timestamp_value(text);
  return timestamp ? timestamp_text(*timestamp) : "none";
}

TEST(Calendar, Reads_durations_to_the_nanosecond) {
  EXPECT_EQ(duration_again("1h2m3s"), "3723s");
  EXPECT_EQ(duration_again("1.5h"), "5400s");
  EXPECT_EQ(duration_again("-1.5s"), "-1.5s");
  EXPECT_EQ(duration_again("-0.000000001s"), "-0.000000001s");
  EXPECT_EQ(duration_again("1.000000001s"), "1.000000001s");
  EXPECT_EQ(duration_again("0.999999999h"), "3599.9999964s");
  EXPECT_EQ(duration_again("9223372036854775807ns"), "9223372036.854775807s");
  EXPECT_EQ(duration_again("1500us"), "0.0015s");
  EXPECT_EQ(duration_again("0"), "0s");
  EXPECT_EQ(duration_again("315576000000s"), "315576000000s");
}

TEST(Calendar, Refuses_durations_that_are_none) {
  for (const char* text : {"", "-", "1", "s", "1x", "1 s", "1s2", "--1s", "315576000001s",
                           "99999999999999999999s", "99999999999h", "18446744073709551615ns"}) {
    EXPECT_EQ(duration_again(text), "none") << text;
  }
}

TEST(Calendar, Reads_times_with_offsets_from_the_year_1_to_9999) {
  EXPECT_EQ(timestamp_again("2026-11-23T08:00:00.250Z"), "2026-11-23T08:00:00.25Z");
  EXPECT_EQ(timestamp_again("2026-11-23T08:00:00+01:30"), "2026-11-23T06:30:00Z");
  EXPECT_EQ(timestamp_again("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
  EXPECT_EQ(timestamp_again("9999-12-31T23:59:59.999999999Z"), "9999-12-31T23:59:59.999999999Z");
  EXPECT_EQ(timestamp_again("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00Z");
}

TEST(Calendar, Refuses_times_that_are_none) {
  for (const char* text :
       {"", "2026-11-23", "2026-11-23T08:00:00", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T08:60:00Z", "2026-11-23T08:00:00.Z",
        "2026-11-23T08:00:00.1234567890Z", "2026-11-23T08:00:00+1:00", "2026-11-23 08:00:00Z",
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2026-11-23T08:00:00Zx"}) {
    EXPECT_EQ(timestamp_again(text), "none") << text;
  }
}

TEST(Calendar, Knows_the_offsets_of_zones_at_a_time) {
  constexpr std::int64_t winter = 1'700'000'000;  // 2023-11-14
  constexpr std::int64_t summer = 1'690'000'000;  // 2023-07-22
  EXPECT_EQ(zone_offset("Europe/Berlin", winter), 3600);
  EXPECT_EQ(zone_offset("Europe/Berlin", summer), 7200);
  EXPECT_EQ(zone_offset("-02:30", summer), -9000);
  EXPECT_EQ(zone_offset("02:30", summer), 9000);
  EXPECT_EQ(zone_offset("/etc/passwd", summer), std::nullopt);
  EXPECT_EQ(zone_offset("+2:30", summer), std::nullopt);
}

}  // namespace
}  // namespace sluice::cel
