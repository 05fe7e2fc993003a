#include "gateway/shipper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/gateway/shipper_rig.h"

namespace sluice {
namespace {
using namespace std::chrono_literals;

TEST_F(ShipperTest, Full_batches_go_at_once_and_the_rest_when_it_is_old_enough) {
  start({.max_events = 10, .max_age = 5s});
  put(25);
  for (int i = 0; i < 3; ++i) shipper_->turn(0s);
  EXPECT_EQ(sink_->ids, (std::vector<std::string>{"id/cloud/4/1-10", "id/cloud/4/11-20"}));
  EXPECT_EQ(acknowledged(), "1-21 ");
  clock_.now += 5s;
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids.back(), "id/cloud/4/21-25");
  EXPECT_EQ(acknowledged(), "21-26 ");
}

TEST_F(ShipperTest, A_batch_spans_records_and_a_record_spans_batches) {
  start({.max_events = 4, .max_age = 0s});
  put(3);
  put(3);
  shipper_->turn(0s);
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids, (std::vector<std::string>{"id/cloud/4/1-4", "id/cloud/4/5-6"}));
  EXPECT_EQ(std::count(sink_->bodies[0].begin(), sink_->bodies[0].end(), '\n'), 4);
}

TEST_F(ShipperTest, A_failure_is_retried_as_the_same_batch_after_a_pause) {
  start({.max_events = 2, .max_age = 0s});
  put(4);
  sink_->answer = Delivery::Outcome::retry;
  shipper_->turn(0s);
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids.size(), 1U) << "backing off";
  EXPECT_TRUE(shipper_->status().is_failing);
  EXPECT_EQ(acknowledged(), "");
  sink_->answer = Delivery::Outcome::delivered;
  clock_.now += 1min;
  shipper_->turn(0s);
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids,
            (std::vector<std::string>{"id/cloud/4/1-2", "id/cloud/4/1-2", "id/cloud/4/3-4"}));
  EXPECT_EQ(acknowledged(), "1-5 ");
  EXPECT_FALSE(shipper_->status().is_failing);
  EXPECT_EQ(shipper_->status().last_error, "because") << "kept, with its time";
}

TEST_F(ShipperTest, Upstreams_own_wish_for_a_pause_is_kept) {
  start({.max_events = 1, .max_age = 0s});
  put(1);
  sink_->answer = Delivery::Outcome::retry;
  sink_->retry_after = 1h;
  shipper_->turn(0s);
  clock_.now += 59min;
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids.size(), 1U);
  clock_.now += 2min;
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids.size(), 2U);
}

TEST_F(ShipperTest, A_rejected_batch_is_reported_as_such_and_the_next_one_goes_on) {
  start({.max_events = 1, .max_age = 0s});
  put(2);
  sink_->answer = Delivery::Outcome::rejected;
  shipper_->turn(0s);
  sink_->answer = Delivery::Outcome::delivered;
  shipper_->turn(0s);
  EXPECT_EQ(acknowledged(), "1-2! 2-3 ");
}

TEST_F(ShipperTest, It_goes_on_behind_what_was_acknowledged_before_the_start) {
  put(10);
  start({.max_events = 100, .max_age = 0s}, 8);
  border_.publish(lane, next_);
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids, (std::vector<std::string>{"id/cloud/4/8-10"}));
}

TEST_F(ShipperTest, A_damaged_record_leaves_a_gap_event_and_the_rest_is_sent) {
  put(3);
  put(2);
  ASSERT_TRUE(store_.memory.damage(keys::outbox_part(lane, 1, 0), "this is not a frame"));
  start({.max_events = 100, .max_age = 0s});
  border_.publish(lane, next_);
  shipper_->turn(0s);
  ASSERT_EQ(sink_->bodies.size(), 1U);
  EXPECT_NE(sink_->bodies[0].find("\"sluice.gap\""), std::string::npos);
  EXPECT_NE(sink_->bodies[0].find("\"events\":3"), std::string::npos);
  EXPECT_EQ(std::count(sink_->bodies[0].begin(), sink_->bodies[0].end(), '\n'), 3);
  EXPECT_EQ(acknowledged(), "1-6 ");
  EXPECT_EQ(border_.take_damage(), (std::vector<std::string>{keys::lane_prefix(lane) +
                                                             std::string("\0\0\0\0\0\0\0\1", 8)}));
}

TEST_F(ShipperTest, Batches_of_two_lanes_never_share_an_id) {
  start_single(2);
  put(1);
  std::uint64_t next_urgent = 1;
  put(urgent, 1, next_urgent);
  turn();
  ASSERT_EQ(sink_->ids.size(), 2U);
  EXPECT_NE(sink_->ids[0], sink_->ids[1]);
}

// An upstream that never answers: only wake() ends a poll(), or patience.
class MuteSink final : public Sink {
 public:
  explicit MuteSink(std::promise<void> is_polled) : is_polled_(std::move(is_polled)) {}
  void submit(const OutgoingBatch&) override {}
  void poll(Duration, std::vector<Delivery>&) override {
    std::unique_lock lock(mutex_);
    if (!std::exchange(has_polled_, true)) is_polled_.set_value();
    woken_.wait_for(lock, 30s, [this] { return std::exchange(is_woken_, false); });
  }
  void wake() override {
    const std::scoped_lock lock(mutex_);
    is_woken_ = true;
    woken_.notify_one();
  }

 private:
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_woken_ = false;  // guarded by mutex_
  bool has_polled_ = false;
  std::promise<void> is_polled_;
};

TEST(ShipperThread, Its_end_does_not_wait_for_an_answer) {
  const MemoryStore store;
  const SystemClock clock;
  OutboxBorder border;
  Metrics metrics;
  std::promise<void> promise;
  const std::future<void> is_polled = promise.get_future();
  auto shipper = std::make_unique<Shipper>(ShipperConfig{}, store, border, clock, metrics,
                                           std::make_unique<MuteSink>(std::move(promise)),
                                           std::map<LaneId, LaneState>());
  shipper->start();
  ASSERT_EQ(is_polled.wait_for(10s), std::future_status::ready);
  const Duration start = clock.monotonic();
  shipper.reset();
  EXPECT_LT(clock.monotonic() - start, 10s);
}

}  // namespace
}  // namespace sluice
