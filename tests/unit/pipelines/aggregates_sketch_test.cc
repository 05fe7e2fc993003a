// Aggregates in bounded memory with a stated error: distinct, mode, top_k, percentiles, histogram.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>

#include "pipelines/aggregates/quantile_sketch.h"
#include "tests/unit/pipelines/aggregates_summary.h"

namespace sluice {
namespace {

using testing::Summary;

Value integer(std::int64_t i) { return Value::integer(i); }
Value number(double d) { return Value::number(d); }

TEST(Distinct, Numbers_that_are_equal_are_one_value_and_texts_are_others) {
  Summary distinct("distinct");
  for (const Value value : {integer(2), number(2.0), Value::uinteger(2), Value::string("2"),
                            number(2.5), Value::boolean(true), integer(0), number(-0.0)}) {
    distinct.add(value);
  }
  EXPECT_EQ(distinct.json(), "5");
  EXPECT_TRUE(distinct.refuses(number(std::nan(""))));
  EXPECT_TRUE(distinct.refuses(Value::string(std::string(2000, 'x'))));
}

TEST(Distinct, Counts_pairs_as_lists) {
  Summary distinct("distinct");
  for (int i = 0; i < 12; ++i) {
    const Value pair[] = {integer(i % 2), number(i % 3)};
    distinct.add(Value::list(pair));
  }
  EXPECT_EQ(distinct.json(), "6");
}

TEST(Distinct, Is_exact_up_to_its_bound_and_then_within_its_error) {
  for (const int count : {255, 256, 257, 300, 1'000, 3'000, 5'000, 20'000, 200'000}) {
    Summary distinct("distinct");
    double squares = 0.0;
    constexpr int rounds = 8;
    for (int round = 0; round < rounds; ++round) {
      Summary one("distinct");
      const std::int64_t first = std::int64_t{round} << 40;
      for (int i = 0; i < count; ++i) one.add(integer(first + i));
      const double off = (one.number() - count) / count;
      squares += off * off;
      if (count <= 256) {
        EXPECT_EQ(one.number(), count);
      }
      EXPECT_LE(std::fabs(off), 4 * 0.023) << count;
      EXPECT_LE(one.bytes(), 2048 + 64u);
    }
    EXPECT_LE(std::sqrt(squares / rounds), 2 * 0.023) << count;
  }
}

TEST(Distinct, A_merge_gives_the_bytes_of_the_whole) {
  for (const int count : {100, 300, 3'000}) {
    Summary whole("distinct");
    Summary early("distinct");
    Summary later("distinct");
    for (int i = 0; i < count; ++i) {
      whole.add(integer(i));
      (i % 7 < 3 ? early : later).add(integer(i));
      if (i % 10 == 0) early.add(integer(i));
    }
    Summary restored("distinct");
    ASSERT_TRUE(restored.load(later.saved()));
    early.merge(restored);
    EXPECT_EQ(early.saved(), whole.saved()) << count;
  }
}

TEST(Mode, Of_equally_frequent_values_the_lowest_number_comes_first) {
  Summary mode("mode");
  for (const Value value : {Value::string("a"), integer(9), number(-1.5), integer(9),
                            Value::string("a"), number(-1.5)}) {
    mode.add(value);
  }
  EXPECT_EQ(mode.json(), "-1.5");
  mode.add(Value::string("a"));
  EXPECT_EQ(mode.json(), "\"a\"");
}

TEST(TopK, Is_exact_while_few_values_come) {
  Summary top("top_k", {2.0});
  for (int i = 0; i < 60; ++i) top.add(integer(i));
  for (const char* text : {"x", "y", "x"}) top.add(Value::string(text));
  top.add(integer(7));
  EXPECT_EQ(top.json(), R"([{"value":7,"count":2,"error":0},{"value":"x","count":2,"error":0}])");
}

// Some 400 different values; value i comes about 1/i^2 as often as value 1 would.
TEST(TopK, Finds_the_heavy_ones_among_many_within_the_error_it_tells_also_when_merged) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    Summary whole("top_k", {50.0});
    Summary early("top_k", {50.0});
    Summary later("top_k", {50.0});
    std::map<std::int64_t, std::int64_t> counts;
    constexpr std::int64_t all = 20'000;
    for (std::int64_t i = 0; i < all; ++i) {
      const auto value = static_cast<std::int64_t>(50'000 / (1 + random() % 5'000));
      ++counts[value];
      whole.add(integer(value));
      (i < all / 3 ? early : later).add(integer(value));
    }
    early.merge(later);
    for (Summary* top : {&whole, &early}) {
      const Value rows = top->result();
      for (const Value& row : rows.as_list()) {
        const std::int64_t truth = counts[row.find("value")->as_int()];
        const std::int64_t low = row.find("count")->as_int();
        EXPECT_LE(low, truth);
        EXPECT_GE(low + row.find("error")->as_int(), truth);
        EXPECT_LE(row.find("error")->as_int(), all / 65);
      }
      // 10 is a tenth of all, and the next ones nearly as many.
      EXPECT_TRUE(std::ranges::any_of(rows.as_list().first(3), [](const Value& row) {
        return row.find("value")->as_int() == 10;
      }));
    }
  }
}

TEST(TopK, A_flood_of_values_that_never_come_again_takes_no_more_memory) {
  Summary top("top_k");
  for (int i = 0; i < 100'000; ++i) {
    top.add(Value::string(std::string(100, 'k') + std::to_string(i)));
  }
  EXPECT_LE(top.bytes(), 32u * 1024);
  EXPECT_TRUE(top.refuses(Value::string(std::string(200, 'k'))));
}

double exact_percentile(std::vector<double> numbers, double percent) {
  std::ranges::sort(numbers);
  std::size_t rank = 1;
  while (static_cast<double>(rank) * 100.0 < percent * static_cast<double>(numbers.size())) ++rank;
  return numbers[rank - 1];
}

// Numbers of one seed: narrow, wide, negative, with zeros, tiny, or all there are.
double draw(std::mt19937& random, unsigned shape) {
  const double unit = static_cast<double>(random()) / 4294967296.0;
  switch (shape % 6) {
    case 0:
      return 10.0 + 20.0 * unit;
    case 1:
      return 0.001 * std::exp2(20.0 * unit);
    case 2:
      return random() % 3 == 0 ? 0.0 : 100.0 * (unit - 0.5);
    case 3:
      return -1.0 - 15.0 * unit;
    case 4:
      return std::floor(unit * 8.0);
    default:
      return std::ldexp(unit - 0.5, static_cast<int>(random() % 2000) - 1000);
  }
}

TEST(QuantileSketch, Is_as_exact_as_it_says_and_a_merge_gives_the_bytes_of_the_whole) {
  for (unsigned seed = 0; seed < 240; ++seed) {
    std::mt19937 random(seed);
    std::vector<double> numbers;
    QuantileSketch whole;
    QuantileSketch parts[3];
    const std::size_t count = 1 + random() % (seed % 7 == 0 ? 20'000 : 500);
    for (std::size_t i = 0; i < count; ++i) {
      numbers.push_back(draw(random, seed));
      whole.add({number(numbers.back()), {}});
      parts[random() % 3].add({number(numbers.back()), {}});
    }
    for (const double percent : {0.0, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 100.0}) {
      const double truth = exact_percentile(numbers, percent);
      const double got = whole.percentile(percent).as_double();
      const double allowed = std::fabs(truth) * whole.relative_error() * (1.0 + 1e-12);
      ASSERT_LE(std::fabs(got - truth), allowed + std::numeric_limits<double>::min())
          << "seed " << seed << " p" << percent;
    }
    std::string bytes;
    parts[1].save(bytes);
    QuantileSketch restored;
    ByteReader in(bytes);
    restored.load(in);
    ASSERT_TRUE(in.is_ok() && in.at_end());
    parts[0].merge(parts[2]);
    restored.merge(parts[0]);
    std::string merged;
    restored.save(merged);
    std::string expected;
    whole.save(expected);
    ASSERT_EQ(merged, expected) << "seed " << seed;
    ASSERT_LE(sizeof(whole) + whole.heap_bytes(), 2048u);
  }
}

TEST(QuantileSketch, Its_error_grows_with_the_spread_as_stated) {
  const struct {
    double highest;
    double error;
  } stated[] = {{15.0, 0.0078}, {224.0, 0.016}, {49'152.0, 0.031}};
  for (const auto& [highest, error] : stated) {
    QuantileSketch sketch;
    for (double x = 1.0; x < highest; x *= 1.001) sketch.add({number(x), {}});
    EXPECT_LE(sketch.relative_error(), error) << highest;
  }
}

TEST(Percentiles, Are_named_after_their_numbers) {
  Summary all("percentiles", {0.0, 50.0, 99.9, 100.0});
  for (int i = 1; i <= 1000; ++i) all.add(integer(7));
  EXPECT_EQ(all.json(), R"({"p0":7,"p50":7,"p99_9":7,"p100":7})");
  EXPECT_EQ(Summary("median").json(), "null");
}

TEST(Percentiles, Their_numbers_rise_from_0_to_100) {
  const auto make = [](std::string_view name, std::vector<double> parameters) {
    return find_aggregate(name)->make(parameters).is_ok();
  };
  EXPECT_FALSE(make("percentile", {101.0}));
  EXPECT_FALSE(make("percentile", {std::nan("")}));
  EXPECT_FALSE(make("percentiles", {50.0, 50.0}));
  EXPECT_FALSE(make("percentiles", {90.0, 50.0}));
  EXPECT_FALSE(make("histogram", {1.0, 1.0}));
  EXPECT_FALSE(make("histogram", {1.0, std::numeric_limits<double>::infinity()}));
  EXPECT_TRUE(make("percentiles", {50.0, 90.0}));
}

TEST(Histogram, A_bound_belongs_to_the_bucket_above_it) {
  Summary histogram("histogram", {10.0, 20.0});
  for (const double d : {9.99, 10.0, 19.0, 20.0, 1e9, -5.0}) histogram.add(number(d));
  EXPECT_EQ(histogram.json(), "[2,2,2]");
  Summary other("histogram", {10.0, 20.0});
  ASSERT_TRUE(other.load(histogram.saved()));
  other.merge(histogram);
  EXPECT_EQ(other.json(), "[4,4,4]");
}

TEST(Histogram, Without_bounds_it_is_the_buckets_of_the_sketch_from_low_to_high) {
  Summary histogram("histogram");
  for (const double d : {1.0, 1.001, -4.0, 0.0, 0.0}) histogram.add(number(d));
  EXPECT_EQ(histogram.json(), "[[-4.0625,-4,1],[0,0,2],[1,1.015625,2]]");
}

}  // namespace
}  // namespace sluice
