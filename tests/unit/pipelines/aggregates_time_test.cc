// Aggregates over event time: delta, increase, rate, slope, intercept, integral, time_weighted_avg,
// ewma; and the order in which they see their values.
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/pipelines/aggregates_summary.h"

namespace sluice {
namespace {

using testing::Summary;

Value integer(std::int64_t i) { return Value::integer(i); }
Value number(double d) { return Value::number(d); }

TEST(Delta, Goes_by_event_time_and_keeps_ints_exact) {
  Summary delta("delta");
  delta.add(integer(9'007'199'254'740'993), 20);
  EXPECT_EQ(delta.json(), "null");
  delta.add(integer(1), 10);
  delta.add(integer(5), 15);
  EXPECT_EQ(delta.json(), "9007199254740992");
}

TEST(Delta, Of_ints_that_lie_too_far_apart_is_a_double) {
  Summary delta("delta");
  delta.add(integer(std::numeric_limits<std::int64_t>::min()), 1);
  delta.add(integer(std::numeric_limits<std::int64_t>::max()), 2);
  EXPECT_EQ(delta.result().kind(), Kind::number);
  EXPECT_EQ(delta.number(), 18446744073709551615.0);
}

TEST(Rate, A_counter_that_begins_again_has_come_as_far_as_it_shows) {
  Summary increase("increase");
  Summary rate("rate");
  const int readings[] = {100, 130, 5, 25};  // + 30, began again + 5, + 20
  for (int i = 0; i < 4; ++i) {
    increase.add(integer(readings[i]), i * 1000);
    rate.add(integer(readings[i]), i * 1000);
  }
  EXPECT_EQ(increase.json(), "55");
  EXPECT_DOUBLE_EQ(rate.number(), 55.0 / 3.0);
}

TEST(Rate, Needs_two_times_and_readings_that_are_not_negative) {
  Summary rate("rate");
  rate.add(integer(1), 5);
  EXPECT_EQ(rate.json(), "null");
  rate.add(integer(2), 5);
  EXPECT_EQ(rate.json(), "null");
  EXPECT_TRUE(rate.refuses(integer(-1)));
}

TEST(Line, Is_exact_on_a_line_however_far_from_1970) {
  Summary slope("slope");
  Summary intercept("intercept");
  const std::int64_t start = 1'767'254'400'000;
  for (int i = 0; i < 100; ++i) {
    const int shuffled = i * 37 % 100;
    slope.add(number(5.0 + 0.25 * shuffled), start + shuffled * 1000);
    intercept.add(number(5.0 + 0.25 * shuffled), start + shuffled * 1000);
  }
  EXPECT_NEAR(slope.number(), 0.25, 1e-12);
  EXPECT_NEAR(intercept.number(), 5.0, 1e-12);
}

TEST(Line, Needs_two_times) {
  Summary slope("slope");
  slope.add(number(1.0), 7);
  slope.add(number(2.0), 7);
  EXPECT_EQ(slope.json(), "null");
}

TEST(Area, Is_under_straight_lines_and_a_mean_holds_each_value_until_the_next) {
  Summary integral("integral");
  Summary mean("time_weighted_avg");
  const auto add = [&](double value, std::int64_t ms) {
    integral.add(number(value), ms);
    mean.add(number(value), ms);
  };
  add(10.0, 0);
  EXPECT_EQ(integral.json(), "null");
  EXPECT_EQ(mean.json(), "10");
  add(20.0, 2000);
  add(0.0, 6000);
  EXPECT_DOUBLE_EQ(integral.number(), 30.0 + 40.0);
  EXPECT_DOUBLE_EQ(mean.number(), (10.0 * 2.0 + 20.0 * 4.0) / 6.0);
}

TEST(Ewma, Weighs_the_latest_most_and_its_weights_add_up_to_one) {
  Summary ewma("ewma", {0.5});
  ewma.add(number(8.0), 1);
  EXPECT_DOUBLE_EQ(ewma.number(), 8.0);
  ewma.add(number(4.0), 2);
  ewma.add(number(2.0), 3);
  EXPECT_DOUBLE_EQ(ewma.number(), (2.0 + 0.5 * 4.0 + 0.25 * 8.0) / 1.75);
}

TEST(Ewma, Its_parameter_is_a_share) {
  for (const double bad : {0.0, -0.5, 1.5, std::nan("")}) {
    EXPECT_FALSE(find_aggregate("ewma")->make(std::vector<double>{bad}).is_ok()) << bad;
  }
  Summary latest("ewma", {1.0});
  latest.add(number(3.0), 1);
  latest.add(number(5.0), 2);
  EXPECT_EQ(latest.number(), 5.0);
}

TEST(TimeOrder, Nine_newer_values_make_one_too_late_and_eight_do_not) {
  Summary increase("increase");
  for (int i = 1; i <= 8; ++i) increase.add(integer(i * 10), i * 10);
  EXPECT_TRUE(increase.add(integer(5), 5));  // before all eight
  EXPECT_EQ(increase.json(), "75");
  EXPECT_FALSE(increase.add(integer(2), 2));  // the one at 5 is folded
  EXPECT_TRUE(increase.add(integer(7), 7));
  EXPECT_EQ(increase.json(), "75");
}

TEST(TimeOrder, Of_equal_times_the_one_that_came_first_is_first) {
  Summary increase("increase");
  increase.add(integer(10), 1);
  increase.add(integer(4), 2);   // began again: + 4
  increase.add(integer(20), 2);  // + 16
  EXPECT_EQ(increase.json(), "20");
}

TEST(TimeOrder, States_merge_in_the_order_of_their_times_whichever_is_called_later) {
  Summary early("increase");
  Summary late("increase");
  for (int i = 0; i < 20; ++i) early.add(integer(i), i);
  for (int i = 30; i < 50; ++i) late.add(integer(i), i);
  late.merge(early);
  EXPECT_EQ(late.json(), "49");
}

TEST(TimeOrder, A_few_values_from_among_those_of_another_state_find_their_place) {
  Summary many("increase");
  Summary few("increase");
  for (int i = 0; i < 20; ++i) many.add(integer(i < 18 ? i : 0), i * 10);  // began again at 180
  few.add(integer(30), 175);
  Summary also_few("increase");
  also_few.add(integer(30), 175);
  also_few.merge(many);
  many.merge(few);
  EXPECT_EQ(many.json(), "30");
  EXPECT_EQ(also_few.json(), "30");
}

}  // namespace
}  // namespace sluice
