// What the shipper does while upstream fails, and how it comes back.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/gateway/shipper_rig.h"

namespace sluice {
namespace {
using namespace std::chrono_literals;
using Ids = std::vector<std::string>;
using Outcome = Delivery::Outcome;
constexpr Duration first_back_off = 200ms;

TEST_F(ShipperTest, Batches_that_fail_together_are_one_failure) {
  start_single(10);
  put(10);
  sink_->answer = Outcome::retry;
  turn();
  EXPECT_EQ(sink_->take_ids().size(), 10U);
  wait_out_back_off(first_back_off);
  EXPECT_EQ(sink_->take_ids().size(), 1U) << "ten would have made it back off for seconds";
}

TEST_F(ShipperTest, A_straggler_of_an_earlier_attempt_does_not_prolong_the_back_off) {
  start_single(3);
  put(3);
  sink_->is_holding = true;
  turn();
  sink_->end("id/cloud/4/1-1", Outcome::retry);
  turn();
  wait_out_back_off(first_back_off);
  EXPECT_EQ(sink_->ids.back(), "id/cloud/4/1-1");
  sink_->end("id/cloud/4/2-2", Outcome::retry);
  sink_->end("id/cloud/4/3-3", Outcome::retry);
  sink_->end("id/cloud/4/1-1", Outcome::delivered);
  turn();
  sink_->take_ids();
  turn();
  EXPECT_EQ(sink_->take_ids(), (Ids{"id/cloud/4/2-2", "id/cloud/4/3-3"}));
}

TEST_F(ShipperTest, Each_attempt_that_fails_again_doubles_the_back_off) {
  start_single(1);
  put(1);
  sink_->answer = Outcome::retry;
  Duration ceiling = first_back_off;
  turn();
  for (int attempt = 0; attempt < 12; ++attempt) {
    sink_->take_ids();
    clock_.now += ceiling / 10 - 1ms;  // the jitter keeps at least a tenth
    turn();
    ASSERT_TRUE(sink_->ids.empty()) << attempt;
    wait_out_back_off(ceiling);
    ASSERT_EQ(sink_->ids.size(), 1U) << attempt;
    ceiling = std::min<Duration>(2 * ceiling, 10s);
  }
}

TEST_F(ShipperTest, The_longest_wish_of_batches_that_fail_together_is_kept) {
  start_single(3);
  put(3);
  sink_->is_holding = true;
  turn();
  sink_->end("id/cloud/4/1-1", Outcome::retry);
  sink_->end("id/cloud/4/2-2", Outcome::retry, 1h);
  sink_->end("id/cloud/4/3-3", Outcome::retry, 1min);
  turn();
  sink_->take_ids();
  wait_out_back_off(59min);
  EXPECT_EQ(sink_->take_ids(), Ids{});
  wait_out_back_off(1min);
  EXPECT_EQ(sink_->take_ids(), Ids{"id/cloud/4/1-1"});
}

TEST_F(ShipperTest, A_failing_upstream_is_asked_with_one_batch_and_then_gets_the_rest_in_order) {
  start_single(4);
  put(6);
  sink_->is_holding = true;
  turn();
  EXPECT_EQ(sink_->take_ids().size(), 4U);
  for (const char* id : {"id/cloud/4/3-3", "id/cloud/4/1-1", "id/cloud/4/4-4", "id/cloud/4/2-2"}) {
    sink_->end(id, Outcome::retry);
  }
  turn();
  wait_out_back_off(first_back_off);
  turn();
  EXPECT_EQ(sink_->take_ids(), Ids{"id/cloud/4/1-1"});
  sink_->end("id/cloud/4/1-1", Outcome::delivered);
  turn();
  turn();
  EXPECT_EQ(sink_->take_ids(),
            (Ids{"id/cloud/4/2-2", "id/cloud/4/3-3", "id/cloud/4/4-4", "id/cloud/4/5-5"}));
}

TEST_F(ShipperTest, A_batch_without_an_answer_does_not_keep_a_failing_upstream_from_being_asked) {
  start_single(2);
  put(2);
  sink_->is_holding = true;
  turn();
  sink_->take_ids();
  sink_->end("id/cloud/4/2-2", Outcome::retry);
  turn();
  wait_out_back_off(first_back_off);
  EXPECT_EQ(sink_->take_ids(), Ids{"id/cloud/4/2-2"});
}

TEST_F(ShipperTest, An_urgent_lane_goes_first_also_after_a_failure) {
  start_single(1);
  put(2);
  sink_->answer = Outcome::retry;
  turn();
  sink_->answer = Outcome::delivered;
  std::uint64_t next_urgent = 1;
  put(urgent, 1, next_urgent);
  sink_->take_ids();
  wait_out_back_off(first_back_off);
  turn();
  turn();
  EXPECT_EQ(sink_->take_ids(), (Ids{"id/cloud/0/1-1", "id/cloud/4/1-1", "id/cloud/4/2-2"}));
}

TEST_F(ShipperTest, It_waits_for_what_can_come_next_and_no_shorter) {
  start({.max_events = 10, .max_age = 300ms});
  put(1);
  turn();
  EXPECT_EQ(sink_->last_timeout, 300ms) << "until the batch is old enough";
  sink_->is_holding = true;
  std::uint64_t next_urgent = 1;
  put(urgent, 10, next_urgent);
  turn();
  clock_.now += 300ms;
  turn();
  EXPECT_EQ(sink_->last_timeout, 1s) << "old enough, but all places are taken";
  sink_->end("id/cloud/0/1-10", Outcome::retry);
  turn();
  turn();
  EXPECT_GT(sink_->last_timeout, 0s) << "backing off";
  EXPECT_LE(sink_->last_timeout, first_back_off);
}

TEST_F(ShipperTest, An_outbox_that_cannot_be_read_is_tried_again_each_second) {
  start({.max_events = 2, .max_age = 100ms});
  put(1);
  turn();
  store_.is_unreadable = true;
  put(1);
  clock_.now += 100ms;
  turn();
  EXPECT_EQ(sink_->last_timeout, 1s) << "instead of asking again and again";
  EXPECT_EQ(sink_->ids, Ids{});
  store_.is_unreadable = false;
  wait_out_back_off(1s);
  EXPECT_EQ(sink_->take_ids(), Ids{"id/cloud/4/1-2"});
}

}  // namespace
}  // namespace sluice
