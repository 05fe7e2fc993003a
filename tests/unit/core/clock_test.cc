#include "core/clock.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace sluice {
namespace {
using namespace std::chrono_literals;

TEST(Timestamp, Rfc_3339_reads_in_any_offset_and_prints_in_utc) {
  EXPECT_EQ(format_timestamp(parse_timestamp("2026-11-23T10:00:00.250+02:00").value()),
            "2026-11-23T08:00:00.25Z");
  EXPECT_EQ(format_timestamp(parse_timestamp("1969-12-31t23:59:59.999999999z").value()),
            "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_timestamp(parse_timestamp("2024-02-29T00:00:00-00:30").value()),
            "2024-02-29T00:30:00Z");
}

TEST(Timestamp, What_is_not_a_time_is_refused) {
  for (const char* text : {"", "2026-11-23", "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z",
                           "2026-11-23T08:00:00", "2026-11-23T08:00:00.Z", "2026-11-23T08:00:00Zx",
                           "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

TEST(Timestamp, Printing_and_reading_are_inverse_for_any_instant) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const auto nanos = static_cast<std::int64_t>(random());
    const Timestamp time{Duration(nanos / 2)};
    EXPECT_EQ(parse_timestamp(format_timestamp(time)).value(), time);
  }
}

TEST(Duration, Units_add_up_and_print_back) {
  EXPECT_EQ(parse_duration("1m30s").value(), 90s);
  EXPECT_EQ(parse_duration("1.5h").value(), 90min);
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(-1500ms), "-1s500ms");
  EXPECT_EQ(parse_duration(format_duration(Duration(86'400'000'000'001))).value(),
            Duration(86'400'000'000'001));
}

TEST(Duration, What_is_not_a_duration_is_refused) {
  for (const char* text : {"", "10", "s", "10 s", "10x", "--1s", "1e3s", "400000000000d"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace sluice
