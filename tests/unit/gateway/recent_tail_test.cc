#include "gateway/recent_tail.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice {
namespace {
using namespace std::chrono_literals;

constexpr EngineTime t0{};

TEST(RecentTail, What_was_there_at_the_start_is_kept_until_it_is_old) {
  RecentTail tail({.bytes = 1'000, .age = 100s}, 40, 50, t0);
  EXPECT_EQ(tail.start(t0 + 100s), 40U);
  EXPECT_EQ(tail.start(t0 + 101s), 50U);
}

TEST(RecentTail, It_is_bounded_in_bytes) {
  RecentTail tail({.bytes = 1'000, .age = 100s}, 1, 1, t0);
  for (std::uint64_t i = 1; i <= 100; ++i) tail.added(i + 1, 100, t0);
  const std::uint64_t start = tail.start(t0);
  EXPECT_GE(start, 91U);
  EXPECT_LE(start, 93U) << "and it is used well";
}

TEST(RecentTail, A_slow_stream_keeps_all_of_its_time_within_one_step) {
  const Duration age = 160s;
  RecentTail tail({.bytes = 1 << 20, .age = age}, 1, 1, t0);
  std::map<std::uint64_t, EngineTime> when;
  std::uint64_t moves = 0;
  std::uint64_t before = 1;
  for (std::uint64_t second = 1; second <= 2'000; ++second) {
    const EngineTime now = t0 + std::chrono::seconds(second);
    tail.added(second + 1, 10, now);
    when[second] = now;
    const std::uint64_t start = tail.start(now);
    if (start > before) ++moves;
    before = start;
    if (start > 1) {
      EXPECT_GT(now - when[start - 1], age) << "trimmed too early";
    }
    EXPECT_LE(now - when[std::max<std::uint64_t>(start, 1)], age + age / 16 + 1s)
        << "kept too long";
  }
  EXPECT_LT(moves, 2'000U / 8) << "each move costs pages: it goes in steps";
}

}  // namespace
}  // namespace sluice
