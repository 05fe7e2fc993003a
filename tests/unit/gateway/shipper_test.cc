#include "gateway/shipper.h"

#include <gtest/gtest.h>

#include "storage/memory_store.h"
#include "storage/outbox.h"

namespace sluice {
namespace {
using namespace std::chrono_literals;

class FakeClock final : public Clock {
 public:
  Timestamp wall() const override { return Timestamp(now); }
  Duration monotonic() const override { return now; }
  Duration now = 100s;
};

// An upstream that answers as it is told.
class FakeSink final : public Sink {
 public:
  void submit(const OutgoingBatch& batch) override {
    ids.push_back(batch.id);
    bodies.push_back(batch.body);
    pending.push_back({batch.ticket, answer, "because", retry_after});
  }
  void poll(Duration, std::vector<Delivery>& done) override {
    done.insert(done.end(), pending.begin(), pending.end());
    pending.clear();
  }
  void wake() override {}

  Delivery::Outcome answer = Delivery::Outcome::delivered;
  Duration retry_after{};
  std::vector<std::string> ids;
  std::vector<std::string> bodies;
  std::vector<Delivery> pending;
};

constexpr LaneId lane{1, 0};

class ShipperTest : public testing::Test {
 protected:
  void start(BatchConfig batch, std::uint64_t shipped = 1) {
    batch.compress = false;
    ShipperConfig config;
    config.sink_name = "cloud";
    config.sink_number = 1;
    config.store_id = "id";
    config.batch = batch;
    auto sink = std::make_unique<FakeSink>();
    sink_ = sink.get();
    LaneState state;
    state.shipped = shipped;
    shipper_ = std::make_unique<Shipper>(config, store_, border_, clock_, metrics_, std::move(sink),
                                         std::map<LaneId, LaneState>{{lane, state}});
  }
  // Commits `count` more events and tells the shipper.
  void put(std::size_t count) {
    std::vector<Event> events(count);
    std::vector<const Event*> pointers;
    for (Event& event : events) {
      event.payload = "1";
      event.has_payload = true;
      event.datacontenttype = "application/json";
      event.type = "t";
      pointers.push_back(&event);
    }
    FrameCodec codec;
    WriteBatch batch;
    put_outbox(batch, codec, lane, next_, {}, pointers, false);
    ASSERT_TRUE(store_.commit(batch));
    next_ += count;
    border_.publish(lane, next_);
  }
  std::string acknowledged() {
    std::string all;
    for (const Acknowledgement& done : border_.take_acknowledgements()) {
      all += std::to_string(done.first) + "-" + std::to_string(done.end) +
             (done.is_rejected ? "!" : "") + " ";
    }
    return all;
  }

  MemoryStore store_;
  FakeClock clock_;
  Metrics metrics_;
  OutboxBorder border_;
  FakeSink* sink_ = nullptr;
  std::unique_ptr<Shipper> shipper_;
  std::uint64_t next_ = 1;
};

TEST_F(ShipperTest, Full_batches_go_at_once_and_the_rest_when_it_is_old_enough) {
  start({.max_events = 10, .max_age = 5s});
  put(25);
  for (int i = 0; i < 3; ++i) shipper_->turn(0s);
  EXPECT_EQ(sink_->ids, (std::vector<std::string>{"id/cloud/1-10", "id/cloud/11-20"}));
  EXPECT_EQ(acknowledged(), "1-21 ");
  clock_.now += 5s;
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids.back(), "id/cloud/21-25");
  EXPECT_EQ(acknowledged(), "21-26 ");
}

TEST_F(ShipperTest, A_batch_spans_records_and_a_record_spans_batches) {
  start({.max_events = 4, .max_age = 0s});
  put(3);
  put(3);
  shipper_->turn(0s);
  shipper_->turn(0s);
  EXPECT_EQ(sink_->ids, (std::vector<std::string>{"id/cloud/1-4", "id/cloud/5-6"}));
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
  EXPECT_EQ(sink_->ids, (std::vector<std::string>{"id/cloud/1-2", "id/cloud/1-2", "id/cloud/3-4"}));
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
  EXPECT_EQ(sink_->ids, (std::vector<std::string>{"id/cloud/8-10"}));
}

TEST_F(ShipperTest, A_damaged_record_leaves_a_gap_event_and_the_rest_is_sent) {
  put(3);
  put(2);
  ASSERT_TRUE(store_.damage(keys::outbox_part(lane, 1, 0), "this is not a frame"));
  start({.max_events = 100, .max_age = 0s});
  border_.publish(lane, next_);
  shipper_->turn(0s);
  ASSERT_EQ(sink_->bodies.size(), 1U);
  EXPECT_NE(sink_->bodies[0].find("\"sluice.gap\""), std::string::npos);
  EXPECT_NE(sink_->bodies[0].find("\"events\":3"), std::string::npos);
  EXPECT_EQ(std::count(sink_->bodies[0].begin(), sink_->bodies[0].end(), '\n'), 3);
  EXPECT_EQ(acknowledged(), "1-6 ");
}

}  // namespace
}  // namespace sluice
