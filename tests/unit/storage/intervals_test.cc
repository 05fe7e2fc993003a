#include "storage/intervals.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sluice {
namespace {

TEST(Intervals, They_hold_what_a_plain_set_of_numbers_holds) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    Intervals intervals;
    std::set<std::uint64_t> oracle;
    for (int i = 0; i < 30; ++i) {
      const std::uint64_t first = random() % 100;
      const std::uint64_t end = first + random() % 10;
      intervals.add(first, end);
      for (std::uint64_t n = first; n < end; ++n) oracle.insert(n);
      if (i % 10 == 9) {
        const std::uint64_t below = random() % 50;
        intervals.drop_before(below);
        oracle.erase(oracle.begin(), oracle.lower_bound(below));
      }
    }
    std::set<std::uint64_t> held;
    std::uint64_t last_end = 0;
    for (const Interval& range : intervals.ranges()) {
      EXPECT_LT(range.first, range.end);
      EXPECT_TRUE(held.empty() || range.first > last_end) << "ranges that touch are joined";
      last_end = range.end;
      for (std::uint64_t n = range.first; n < range.end; ++n) held.insert(n);
    }
    EXPECT_EQ(held, oracle);
    std::uint64_t end = 5;
    while (oracle.contains(end)) ++end;
    EXPECT_EQ(intervals.contiguous_end(5), end);
  }
}

}  // namespace
}  // namespace sluice
