#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "pipelines/aggregates/exact_sum.h"
#include "pipelines/aggregates/min_max.h"
#include "tests/unit/pipelines/aggregates_summary.h"

namespace sluice {
namespace {

using testing::Summary;

Value integer(std::int64_t i) { return Value::integer(i); }
Value number(double d) { return Value::number(d); }

TEST(Aggregates, Of_nothing_there_is_null_but_a_count_is_zero_and_a_list_empty) {
  for (const AggregateKind& kind : aggregate_kinds()) {
    const std::string json = Summary(kind.name).json();
    if (kind.name == "count" || kind.name == "distinct") {
      EXPECT_EQ(json, "0") << kind.name;
    } else if (kind.name == "collect" || kind.name == "top_k" || kind.name == "histogram") {
      EXPECT_EQ(json, "[]") << kind.name;
    } else if (kind.name == "percentiles") {
      EXPECT_EQ(json, R"({"p50":null})");
    } else {
      EXPECT_EQ(json, "null") << kind.name;
    }
  }
}

TEST(Aggregates, The_catalog_is_sorted_by_name) {
  EXPECT_TRUE(std::ranges::is_sorted(aggregate_kinds(), {}, &AggregateKind::name));
  EXPECT_EQ(find_aggregate("average"), nullptr);
}

TEST(Count, A_bool_counts_when_it_is_true) {
  Summary count("count");
  count.add(Value::boolean(true));
  count.add(Value::boolean(false));
  count.add(Value::string("x"));
  EXPECT_EQ(count.json(), "2");
}

TEST(Sum, Of_integers_stays_an_exact_integer_until_it_overflows) {
  Summary sum("sum");
  sum.add(integer(std::numeric_limits<std::int64_t>::max() - 1));
  sum.add(integer(1));
  EXPECT_EQ(sum.json(), "9223372036854775807");
  sum.add(integer(1));
  ASSERT_EQ(sum.result().kind(), Kind::number);
  EXPECT_EQ(sum.result().as_double(), 9223372036854775808.0);
  sum.add(integer(-1));
  sum.add(integer(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(sum.result().as_double(), -1.0);
}

TEST(Sum, Is_compensated_a_small_value_between_large_ones_is_not_lost) {
  Summary sum("sum");
  for (const double d : {1.0, 1e100, 1.0, -1e100}) sum.add(number(d));
  EXPECT_EQ(sum.json(), "2");
}

TEST(Sum, Integers_beside_doubles_lose_nothing_of_their_low_bits) {
  Summary sum("sum");
  sum.add(integer(9007199254740993));  // 2^53 + 1
  sum.add(number(0.5));
  sum.add(integer(-9007199254740992));
  EXPECT_EQ(sum.json(), "1.5");
}

TEST(Sum, Takes_unsigned_numbers_beyond_int64) {
  Summary sum("sum");
  sum.add(Value::uinteger(std::numeric_limits<std::uint64_t>::max()));
  sum.add(integer(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(sum.result().as_double(), 9223372036854775807.0);
}

TEST(Sum, An_overflow_of_doubles_is_null) {
  Summary sum("sum");
  sum.add(number(1.7e308));
  sum.add(number(1.7e308));
  EXPECT_EQ(sum.json(), "null");
}

TEST(Aggregates, Numbers_that_are_not_finite_and_texts_are_refused_where_numbers_are_needed) {
  for (const char* name :
       {"sum", "avg", "min", "max", "stddev", "var", "slope", "delta", "median", "ewma"}) {
    const Summary summary(name);
    EXPECT_TRUE(summary.refuses(Value::string("1"))) << name;
    EXPECT_TRUE(summary.refuses(Value::boolean(true))) << name;
    EXPECT_TRUE(summary.refuses(number(std::numeric_limits<double>::quiet_NaN()))) << name;
    EXPECT_TRUE(summary.refuses(number(std::numeric_limits<double>::infinity()))) << name;
    EXPECT_FALSE(summary.refuses(number(-1.5))) << name;
  }
}

TEST(MinMax, Keep_the_kind_of_the_number_and_of_equal_ones_the_first) {
  Summary min("min");
  Summary max("max");
  for (const Value value : {number(2.0), integer(2), integer(7), number(7.0), integer(3)}) {
    min.add(value);
    max.add(value);
  }
  EXPECT_EQ(min.result().kind(), Kind::number);
  EXPECT_EQ(min.result().as_double(), 2.0);
  EXPECT_EQ(max.result().kind(), Kind::integer);
  EXPECT_EQ(max.result().as_int(), 7);
}

TEST(MinMax, Compare_integers_and_doubles_exactly) {
  EXPECT_TRUE(is_less(number(9007199254740992.0), integer(9007199254740993)));
  EXPECT_FALSE(is_less(integer(9007199254740993), number(9007199254740992.0)));
  EXPECT_TRUE(
      is_less(integer(std::numeric_limits<std::int64_t>::max()), number(9223372036854775808.0)));
  EXPECT_FALSE(
      is_less(integer(std::numeric_limits<std::int64_t>::min()), number(-9223372036854775808.0)));
  EXPECT_TRUE(is_less(number(-0.5), integer(0)));
  EXPECT_TRUE(is_less(integer(-1), number(-0.5)));
  EXPECT_TRUE(is_less(integer(-1), Value::uinteger(0)));
  EXPECT_TRUE(is_less(integer(5), Value::uinteger(1ULL << 63)));
  EXPECT_TRUE(is_less(Value::uinteger(1ULL << 63), number(1e19)));
  EXPECT_TRUE(is_less(number(-1.0), Value::uinteger(0)));
  EXPECT_FALSE(is_less(Value::uinteger(0), number(0.0)));
}

TEST(FirstLast, Go_by_event_time_and_for_equal_times_by_arrival) {
  Summary first("first");
  Summary last("last");
  const auto add = [&](std::string_view text, std::int64_t ms) {
    first.add(Value::string(text), ms);
    last.add(Value::string(text), ms);
  };
  add("b", 5);
  add("a", 1);
  add("a2", 1);
  add("d", 9);
  add("d2", 9);
  add("c", 7);
  EXPECT_EQ(first.json(), "\"a\"");
  EXPECT_EQ(last.json(), "\"d2\"");
}

TEST(FirstLast, Keep_whole_data_but_refuse_what_is_too_big) {
  Arena arena;
  Summary first("first");
  first.add(testing::make_event(arena, {{"a", integer(1)}})->data);
  EXPECT_EQ(first.json(), R"({"a":1})");
  EXPECT_TRUE(first.refuses(Value::string(std::string(2000, 'x'))));
  const std::vector<Value> many(600, integer(7));
  EXPECT_TRUE(first.refuses(Value::list(many)));
}

TEST(Stddev, Is_that_of_a_sample_and_needs_two_values) {
  Summary stddev("stddev");
  stddev.add(integer(2));
  EXPECT_EQ(stddev.json(), "null");
  for (const int i : {4, 4, 4, 5, 5, 7, 9}) stddev.add(integer(i));
  EXPECT_NEAR(stddev.result().as_double(), std::sqrt(32.0 / 7.0), 1e-15);
}

TEST(Var, Is_the_square_of_stddev) {
  Summary var("var");
  for (const int i : {2, 4, 4, 4, 5, 5, 7, 9}) var.add(integer(i));
  EXPECT_NEAR(var.number(), 32.0 / 7.0, 1e-15);
}

TEST(Stddev, Does_not_cancel_on_values_far_from_zero) {
  Summary stddev("stddev");
  for (const double d : {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}) stddev.add(number(d));
  EXPECT_NEAR(stddev.result().as_double(), std::sqrt(30.0), 1e-9);
}

TEST(Collect, Keeps_the_first_ones_in_order_up_to_its_bound) {
  Summary collect("collect", {2.0});
  EXPECT_TRUE(collect.add(Value::string("a")));
  EXPECT_TRUE(collect.add(integer(2)));
  EXPECT_FALSE(collect.add(integer(3)));
  EXPECT_EQ(collect.json(), R"(["a",2])");
}

TEST(Collect, Its_bound_is_a_whole_number_within_limits) {
  for (const double bad : {0.0, -1.0, 1.5, 1001.0, std::nan("")}) {
    EXPECT_FALSE(find_aggregate("collect")->make(std::vector<double>{bad}).is_ok()) << bad;
  }
}

// For each aggregate, over random values: adding all to one state, adding two halves and merging,
// and saving and loading in between must agree: exactly, but for sums of doubles that are added up
// in another order.
TEST(Aggregates, Merging_and_saving_agree_with_adding_one_after_the_other) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<Value> values;
    const std::size_t count = random() % 50;
    for (std::size_t i = 0; i < count; ++i) {
      values.push_back(random() % 2 == 0 ? integer(static_cast<std::int64_t>(random() % 1000))
                                         : number(static_cast<double>(random() % 10000) / 8.0));
    }
    const std::size_t cut = count == 0 ? 0 : random() % (count + 1);
    for (const AggregateKind& kind : aggregate_kinds()) {
      Summary whole(kind.name);
      Summary early(kind.name);
      Summary later(kind.name);
      for (std::size_t i = 0; i < count; ++i) {
        const auto ms = static_cast<std::int64_t>(i) * 700;
        whole.add_number(values[i], ms);
        (i < cut ? early : later).add_number(values[i], ms);
      }
      Summary restored(kind.name);
      ASSERT_TRUE(restored.load(early.saved())) << kind.name;
      EXPECT_EQ(restored.saved(), early.saved()) << kind.name;
      restored.merge(later);
      if (whole.result().kind() == Kind::number) {
        const double expected = whole.number();
        EXPECT_NEAR(restored.number(), expected, 1e-9 * (1.0 + std::fabs(expected)))
            << kind.name << " " << seed;
      } else {
        EXPECT_EQ(restored.json(), whole.json()) << kind.name << " " << seed;
      }
    }
  }
}

TEST(Aggregates, The_reference_has_a_row_for_each) {
  const std::string page = render_aggregates();
  for (const AggregateKind& kind : aggregate_kinds()) {
    EXPECT_NE(page.find("| `" + std::string(kind.usage) + "` | " + std::string(kind.meaning)),
              std::string::npos)
        << kind.name;
    EXPECT_FALSE(kind.meaning.empty());
  }
}

TEST(Aggregates, A_cut_state_is_never_loaded) {
  for (const AggregateKind& kind : aggregate_kinds()) {
    Summary summary(kind.name);
    for (int i = 0; i < 12; ++i) summary.add_number(number(i * 1.5), i * 10);
    const std::string saved = summary.saved();
    for (std::size_t length = 0; length < saved.size(); ++length) {
      Summary other(kind.name);
      EXPECT_FALSE(other.load(std::string_view(saved).substr(0, length))) << kind.name << length;
    }
  }
}

}  // namespace
}  // namespace sluice
