#include "gateway/retrying_sink.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>

namespace sluice {
namespace {
using namespace std::chrono_literals;

// What the sink that is made saw, for when only the RetryingSink holds it.
struct Seen {
  std::vector<std::string> submitted;
  std::atomic<int> wakes = 0;
  int polls = 0;
};

class ScriptedSink final : public Sink {
 public:
  explicit ScriptedSink(Seen& seen) : seen_(seen) {}
  std::size_t max_in_flight() const override { return 7; }
  void submit(const OutgoingBatch& batch) override {
    seen_.submitted.push_back(batch.id);
    done_.push_back({batch.ticket, Delivery::Outcome::delivered, {}, {}});
  }
  void poll(Duration, std::vector<Delivery>& done) override {
    ++seen_.polls;
    done.insert(done.end(), done_.begin(), done_.end());
    done_.clear();
  }
  void wake() override { ++seen_.wakes; }

 private:
  Seen& seen_;
  std::vector<Delivery> done_;
};

class RetryingSinkTest : public testing::Test {
 protected:
  // Submits the batch "x" and polls once.
  Delivery deliver() {
    OutgoingBatch batch;
    batch.ticket = 1;
    batch.id = "x";
    sink_.submit(batch);
    std::vector<Delivery> done;
    sink_.poll(0s, done);
    return done.size() == 1 ? done[0] : Delivery{};
  }

  Seen seen_;
  std::optional<Error> refusal_;  // the sink cannot be made
  SystemClock clock_;
  RetryingSink sink_{[this](const Clock&) -> Result<std::unique_ptr<Sink>> {
                       if (refusal_) return *refusal_;
                       return std::unique_ptr<Sink>(std::make_unique<ScriptedSink>(seen_));
                     },
                     clock_};
};

TEST_F(RetryingSinkTest, A_sink_that_cannot_be_made_is_a_reason_to_retry_and_made_later) {
  refusal_ = Error{ErrorKind::try_later, "no such name"};
  const Delivery failure = deliver();
  EXPECT_EQ(failure.ticket, 1U);
  EXPECT_EQ(failure.outcome, Delivery::Outcome::retry);
  EXPECT_EQ(failure.reason, "no such name");
  EXPECT_EQ(sink_.max_in_flight(), 1U);
  refusal_.reset();
  EXPECT_EQ(deliver().outcome, Delivery::Outcome::delivered);
  EXPECT_EQ(deliver().outcome, Delivery::Outcome::delivered);
  EXPECT_EQ(seen_.submitted, (std::vector<std::string>{"x", "x"}));
  EXPECT_EQ(sink_.max_in_flight(), 7U);
}

TEST_F(RetryingSinkTest, A_wake_before_the_wait_ends_it_while_there_is_no_sink) {
  sink_.wake();
  const Duration start = clock_.monotonic();
  std::vector<Delivery> done;
  sink_.poll(1min, done);
  EXPECT_LT(clock_.monotonic() - start, 30s);
}

TEST_F(RetryingSinkTest, A_wake_during_the_wait_ends_it_while_there_is_no_sink) {
  const Duration start = clock_.monotonic();
  std::thread waker([this] { sink_.wake(); });
  std::vector<Delivery> done;
  sink_.poll(1min, done);
  waker.join();
  EXPECT_LT(clock_.monotonic() - start, 30s);
}

TEST_F(RetryingSinkTest, A_wake_before_the_sink_was_made_is_handed_on_to_it) {
  sink_.wake();
  deliver();
  EXPECT_EQ(seen_.wakes, 1);
  sink_.wake();
  EXPECT_EQ(seen_.wakes, 2);
}

// For the thread sanitizer: the shipper makes the sink while others wake it.
TEST_F(RetryingSinkTest, Wakes_from_another_thread_meet_the_making_of_the_sink) {
  std::thread waker([this] {
    while (seen_.wakes < 3) sink_.wake();
  });
  refusal_ = Error{ErrorKind::try_later, "not yet"};
  EXPECT_EQ(deliver().outcome, Delivery::Outcome::retry);
  refusal_.reset();
  EXPECT_EQ(deliver().outcome, Delivery::Outcome::delivered);
  waker.join();
  EXPECT_GE(seen_.wakes, 3);
}

}  // namespace
}  // namespace sluice
