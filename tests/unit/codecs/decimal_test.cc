#include "drivers/codecs/decimal.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice {
namespace {

TEST(ToNanoseconds, Gives_the_decimal_that_the_sender_wrote) {
  EXPECT_EQ(to_nanoseconds(Value::number(1276020076.001)), 1276020076001000000);
  EXPECT_EQ(to_nanoseconds(Value::number(-0.1)), -100000000);
  EXPECT_EQ(to_nanoseconds(Value::number(1e-9)), 1);
  EXPECT_EQ(to_nanoseconds(Value::number(2e9)), 2000000000000000000);
  EXPECT_EQ(to_nanoseconds(Value::integer(-5)), -5000000000);
}

TEST(ToNanoseconds, Rounds_half_away_from_zero_below_a_nanosecond) {
  EXPECT_EQ(to_nanoseconds(Value::number(1.4e-9)), 1);
  EXPECT_EQ(to_nanoseconds(Value::number(1.5e-9)), 2);
  EXPECT_EQ(to_nanoseconds(Value::number(-1.5e-9)), -2);
  EXPECT_EQ(to_nanoseconds(Value::number(5e-10)), 1);
  EXPECT_EQ(to_nanoseconds(Value::number(4.9e-10)), 0);
  EXPECT_EQ(to_nanoseconds(Value::number(9e-11)), 0);
  EXPECT_EQ(to_nanoseconds(Value::number(5e-324)), 0);
}

TEST(ToNanoseconds, Refuses_what_does_not_fit) {
  EXPECT_FALSE(to_nanoseconds(Value::number(1e10)));
  EXPECT_FALSE(to_nanoseconds(Value::number(1e308)));
  EXPECT_FALSE(to_nanoseconds(Value::number(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_FALSE(to_nanoseconds(Value::integer(10000000000)));
  EXPECT_FALSE(to_nanoseconds(Value::string("5")));
}

TEST(ToSeconds, Gives_an_integer_for_whole_seconds_and_else_the_nearest_double) {
  EXPECT_EQ(to_seconds(5000000000).as_int(), 5);
  EXPECT_EQ(to_seconds(-5000000000).as_int(), -5);
  EXPECT_EQ(to_seconds(1276020076001000000).as_double(), 1276020076.001);
  EXPECT_EQ(to_seconds(-1).as_double(), -1e-9);
  EXPECT_EQ(to_seconds(1700000000000000008).as_int(), 1700000000);
}

}  // namespace
}  // namespace sluice
