#include "gateway/pace.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {
using namespace std::chrono_literals;

TEST(Pace, A_lone_message_is_committed_at_once_while_the_eager_budget_lasts) {
  Pace pace({.eager_burst = 3}, 0s);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pace.linger(1, 100, 0s), 0s);
    pace.committed(1, 100);
  }
  EXPECT_EQ(pace.linger(1, 100, 0s), 200ms) << "the budget is used up: wait for company";
}

TEST(Pace, Waiting_ends_with_the_interval_however_often_it_is_asked) {
  Pace pace({.eager_per_second = 0, .eager_burst = 0}, 0s);
  EXPECT_EQ(pace.linger(1, 100, 1s), 200ms);
  EXPECT_EQ(pace.linger(2, 200, 1s + 150ms), 50ms);
  EXPECT_EQ(pace.linger(2, 200, 1s + 200ms), 0s);
}

TEST(Pace, Enough_messages_or_bytes_are_committed_at_once_and_cost_no_budget) {
  Pace pace({.commit_events = 10, .commit_bytes = 1000, .eager_per_second = 0, .eager_burst = 1},
            0s);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(pace.linger(10, 0, 0s), 0s);
    pace.committed(10, 0);
  }
  EXPECT_EQ(pace.linger(1, 0, 0s), 0s) << "the one eager commit is still there";
  pace.committed(1, 0);
  EXPECT_GT(pace.linger(1, 999, 0s), 0s);
  EXPECT_EQ(pace.linger(1, 1000, 0s), 0s);
}

TEST(Pace, The_budget_fills_up_again_to_its_burst_and_no_further) {
  Pace pace({.eager_per_second = 5, .eager_burst = 2}, 0s);
  pace.committed(1, 1);
  pace.committed(1, 1);
  EXPECT_GT(pace.linger(1, 1, 0s), 0s);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pace.linger(1, 1, 100s), 0s);
    pace.committed(1, 1);
  }
  EXPECT_GT(pace.linger(1, 1, 100s), 0s);
}

}  // namespace
}  // namespace sluice
