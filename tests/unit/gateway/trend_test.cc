#include "gateway/trend.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {
using namespace std::chrono_literals;

TEST(Trend, A_single_sample_has_no_speed) {
  Trend trend(60s);
  EXPECT_EQ(trend.per_second(), 0);
  trend.sample(100s, 1'000);
  EXPECT_EQ(trend.per_second(), 0);
  EXPECT_EQ(trend.newest(), 1'000);
}

TEST(Trend, The_speed_is_that_of_the_last_span_and_forgets_what_was_before) {
  Trend trend(60s);
  double events = 0;
  for (Duration now = 0s; now < 300s; now += 5s) trend.sample(now, events += 500);
  EXPECT_DOUBLE_EQ(trend.per_second(), 100);
  for (Duration now = 300s; now <= 360s; now += 5s) trend.sample(now, events);
  EXPECT_DOUBLE_EQ(trend.per_second(), 0);
  EXPECT_EQ(trend.covered(), 60s);
}

TEST(Trend, Samples_that_come_too_often_do_not_take_more_memory_and_stay_right) {
  Trend trend(60s);
  for (int i = 0; i < 100'000; ++i) trend.sample(1ms * i, 2.0 * i);
  EXPECT_NEAR(trend.per_second(), 2'000, 1e-6);
  EXPECT_LT(trend.covered(), 1s) << "only the newest are kept";
}

TEST(TimeUntil, A_figure_that_grows_steadily_reaches_the_limit_when_it_says) {
  Trend trend(300s);
  for (Duration now = 0s; now <= 100s; now += 5s)
    trend.sample(now, 10.0 * static_cast<double>(now / 1s));
  EXPECT_EQ(time_until(trend, 4'600), 360s);
  EXPECT_EQ(time_until(trend, 500), 0s) << "it is there already";
}

TEST(TimeUntil, Nothing_is_foretold_of_what_does_not_grow_or_was_hardly_watched_or_takes_years) {
  Trend steady(300s);
  Trend shrinking(300s);
  Trend slow(300s);
  Trend young(300s);
  for (Duration now = 0s; now <= 100s; now += 5s) {
    const auto seconds = static_cast<double>(now / 1s);
    steady.sample(now, 7);
    shrinking.sample(now, 1'000 - seconds);
    slow.sample(now, seconds);
    if (now < 30s) young.sample(now, seconds);
  }
  EXPECT_EQ(time_until(steady, 1'000), std::nullopt);
  EXPECT_EQ(time_until(shrinking, 1'000), std::nullopt);
  EXPECT_EQ(time_until(slow, 1e12), std::nullopt);
  EXPECT_EQ(time_until(young, 1'000), std::nullopt);
  EXPECT_NE(time_until(slow, 1'000), std::nullopt);
}

}  // namespace
}  // namespace sluice
