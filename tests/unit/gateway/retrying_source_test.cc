#include "gateway/retrying_source.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {
using namespace std::chrono_literals;

// What became of all the sources that a test made.
struct Story {
  std::mutex mutex;
  std::condition_variable told;
  std::string text;  // guarded by mutex

  void tell(const std::string& what) {
    const std::scoped_lock lock(mutex);
    text += what + " ";
    told.notify_all();
  }
  bool wait_for(const std::string& what) {
    std::unique_lock lock(mutex);
    return told.wait_for(lock, 10s, [&] { return text.find(what) != std::string::npos; });
  }
  std::string all() {
    const std::scoped_lock lock(mutex);
    return text;
  }
};

class ToldSource final : public Source {
 public:
  ToldSource(Story& story, bool can_start, std::function<void()> on_start = {})
      : story_(story), can_start_(can_start), on_start_(std::move(on_start)) {}
  ~ToldSource() override { story_.tell("ended"); }
  Result<void> start(const SavedState& saved) override {
    if (!can_start_) {
      story_.tell("failed");
      return Error{ErrorKind::bad_config, "the certificate is missing"};
    }
    story_.tell("started:" + std::to_string(saved.size()));
    if (on_start_) on_start_();
    return {};
  }
  void settle(Receipt receipt, Outcome) override {
    story_.tell("settled:" + std::to_string(static_cast<std::uint64_t>(receipt)));
  }
  void resume() override { story_.tell("resumed"); }
  void pause() override { story_.tell("paused"); }
  void stop_intake() override { story_.tell("stopped"); }
  SourceStatus status() const override {
    SourceStatus status;
    status.is_running = true;
    status.address = "here";
    return status;
  }

 private:
  Story& story_;
  const bool can_start_;
  const std::function<void()> on_start_;
};

class NoIntake final : public Intake {
 public:
  void offer(MessageBatch& batch) override { batch.clear(); }
  bool has_room() const override { return true; }
};

class RetryingSourceTest : public testing::Test {
 protected:
  // A source that can be made from the `makes`-th time on.
  RetryingSource source(int makes, RetryWaits waits = {1ms, 4ms}) {
    return RetryingSource(
        [this, makes](const SourceContext&) -> Result<std::unique_ptr<Source>> {
          if (++attempts_ < makes)
            return Error{ErrorKind::bad_config,
                         "key.pem: no such file " + std::to_string(attempts_)};
          return std::unique_ptr<Source>(std::make_unique<ToldSource>(story_, true, on_start_));
        },
        SourceContext{"floor", intake_, clock_, metrics_}, waits);
  }

  Story story_;
  std::function<void()> on_start_;
  std::atomic<int> attempts_{0};
  NoIntake intake_;
  SystemClock clock_;
  Metrics metrics_;
  const SavedState saved_ = {{"session", "value"}};
};

TEST_F(RetryingSourceTest, One_that_works_runs_when_start_returns) {
  RetryingSource source = this->source(1);
  ASSERT_TRUE(source.start(saved_));
  EXPECT_EQ(story_.all(), "started:1 ");
  EXPECT_TRUE(source.status().is_running);
  EXPECT_EQ(source.status().address, "here");
}

TEST_F(RetryingSourceTest, One_that_cannot_be_made_twice_starts_at_the_third_try_with_its_state) {
  RetryingSource source = this->source(3);
  ASSERT_TRUE(source.start(saved_));
  ASSERT_TRUE(story_.wait_for("started:1"));
  EXPECT_EQ(attempts_, 3);
  EXPECT_TRUE(source.status().is_running);
  EXPECT_EQ(source.status().last_error, "");
}

TEST_F(RetryingSourceTest, One_that_is_made_but_does_not_start_is_made_anew) {
  int made = 0;
  RetryingSource source(
      [&](const SourceContext&) -> Result<std::unique_ptr<Source>> {
        return std::unique_ptr<Source>(std::make_unique<ToldSource>(story_, ++made == 2));
      },
      SourceContext{"floor", intake_, clock_, metrics_}, {1ms, 4ms});
  ASSERT_TRUE(source.start(saved_));
  ASSERT_TRUE(story_.wait_for("started:1"));
  EXPECT_EQ(story_.all(), "failed ended started:1 ");
}

TEST_F(RetryingSourceTest, Until_it_works_status_says_why_not_and_since_when) {
  RetryingSource source = this->source(2, {1h, 1h});
  ASSERT_TRUE(source.start(saved_));
  const SourceStatus status = source.status();
  EXPECT_FALSE(status.is_running);
  EXPECT_EQ(status.last_error, "key.pem: no such file 1");
  EXPECT_GT(status.last_error_time, Timestamp{});
}

TEST_F(RetryingSourceTest, A_pause_from_before_it_worked_holds_and_resume_lifts_it) {
  std::atomic<bool> may_work{false};
  RetryingSource source(
      [&](const SourceContext&) -> Result<std::unique_ptr<Source>> {
        if (!may_work) return Error{ErrorKind::try_later, "not yet"};
        return std::unique_ptr<Source>(std::make_unique<ToldSource>(story_, true));
      },
      SourceContext{"floor", intake_, clock_, metrics_}, {1ms, 1ms});
  ASSERT_TRUE(source.start(saved_));
  source.pause();
  may_work = true;
  ASSERT_TRUE(story_.wait_for("paused"));
  source.resume();
  EXPECT_EQ(story_.all(), "started:1 paused resumed ");
}

TEST_F(RetryingSourceTest, What_is_settled_the_moment_it_starts_is_not_lost) {
  RetryingSource source = this->source(2);
  std::thread engine;
  // A device is faster than start() returns: the engine has committed its message already.
  on_start_ = [&] { engine = std::thread([&] { source.settle(Receipt{1}, Outcome::stored); }); };
  ASSERT_TRUE(source.start(saved_));
  ASSERT_TRUE(story_.wait_for("started"));
  EXPECT_TRUE(story_.wait_for("settled:1"));
  engine.join();
}

TEST_F(RetryingSourceTest, Nothing_is_started_after_the_intake_was_stopped) {
  RetryingSource source = this->source(1);
  source.stop_intake();
  ASSERT_TRUE(source.start(saved_));
  EXPECT_EQ(story_.all(), "ended ");
  EXPECT_FALSE(source.status().is_running);
}

TEST_F(RetryingSourceTest, It_ends_at_once_while_it_waits_for_the_next_try) {
  const auto began = std::chrono::steady_clock::now();
  // Often enough that its thread is sure to be waiting by then at least once.
  for (int i = 0; i < 50; ++i) {
    RetryingSource source = this->source(1'000, {20s, 20s});
    ASSERT_TRUE(source.start(saved_));
    for (int turn = 0; turn < 100; ++turn) std::this_thread::yield();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, 15s);
  EXPECT_EQ(attempts_, 50);
}

}  // namespace
}  // namespace sluice
