// Policies against an account: what devices were told is stored has arrived, or a gap event says
// that it has not, whatever the order of full stores, crashes and lost answers.
#include "gateway/retention.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "drivers/codecs/decoder_factory.h"
#include "gateway/batch_cutter.h"
#include "gateway/engine.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

class FakeClock final : public Clock {
 public:
  Timestamp wall() const override { return Timestamp(1'790'000'000s + now_); }
  Duration monotonic() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  Duration now_ = 1s;
};

class FakeSource final : public Source {
 public:
  Result<void> start(const SavedState&) override { return {}; }
  void settle(Receipt receipt, Outcome) override { settled = static_cast<std::uint64_t>(receipt); }
  void resume() override { is_paused = false; }
  void pause() override { is_paused = true; }
  void stop_intake() override {}
  SourceStatus status() const override { return {}; }

  std::uint64_t settled = 0;
  bool is_paused = false;
};

constexpr std::uint64_t store_bytes = 40'000;
constexpr LaneId lane{1, 0};

// A box with one source and one sink, its devices and its upstream.
class Box {
 public:
  Box(std::uint64_t seed, RetentionPolicy policy) : random_(seed), policy_(std::move(policy)) {
    start();
  }

  void start() {
    engine_.reset();
    border_ = std::make_unique<OutboxBorder>();
    intake_ = std::make_unique<IntakeQueue>(IntakeBounds{});
    GraphSetup setup;
    setup.gateway = "box";
    setup.store_id = "id";
    setup.sources.push_back({"floor", {}});
    PipelineSetup pipeline;
    pipeline.name = "raw";
    pipeline.from = {"floor"};
    pipeline.to = {"cloud"};
    setup.pipelines.push_back(std::move(pipeline));
    EventMakerSetup maker;
    maker.source_name = "floor";
    maker.gateway = "box";
    maker.store_id = "id";
    maker.decoder = make_decoder("json").value();
    std::vector<EngineSource> sources;
    sources.push_back({std::make_unique<EventMaker>(std::move(maker)), &source_});
    EngineConfig config;
    config.gateway = "box";
    if (policy_.is_lossy()) config.policies.emplace("cloud", policy_);
    std::uint64_t damaged = 0;
    FrameCodec codec;
    Head head = recover_head(store_, codec, damaged).value();
    ASSERT_EQ(damaged, 0U);
    const std::uint64_t shipped = head.lanes.contains(lane) ? head.lanes.at(lane).shipped : 1;
    engine_ = std::make_unique<Engine>(EngineContext{store_, clock_, metrics_, *intake_, *border_},
                                       std::move(config), "id", std::move(head),
                                       Graph::build(std::move(setup)).value(), std::move(sources));
    ASSERT_TRUE(engine_->recall_repeats());
    BatchConfig batch;
    batch.max_events = 1 + random_() % 8;
    batch.max_age = 0s;
    batch.compress = false;
    cutter_.emplace(store_, lane, "id", batch, shipped);
    unanswered_.clear();
    offered_.clear();
    source_.settled = 0;
    receipt_ = 0;
  }

  void restart_with(RetentionPolicy policy) {
    policy_ = std::move(policy);
    source_.is_paused = false;
    start();
  }

  void measure(std::size_t bytes = 0) {
    if (source_.is_paused) return;
    MessageBatch batch;
    Message message;
    message.receipt = Receipt{++receipt_};
    const std::string sender = "dev" + std::to_string(next_value_ % 3);
    message.sender = sender;
    const std::string payload = "{\"v\":" + std::to_string(next_value_) + ",\"pad\":\"" +
                                noise(bytes + random_() % 200) + "\"}";
    message.payload = payload;
    message.topic = "t";
    message.received = clock_.wall();
    batch.add(message);
    SourceIntake(*intake_, 0).offer(batch);
    offered_.emplace_back(receipt_, next_value_++);
  }

  // Hardly to be compressed.
  std::string noise(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text.push_back(static_cast<char>('0' + random_() % 64));
    std::ranges::replace(text, '\\', '_');
    return text;
  }

  void beat() {
    (void)engine_->housekeep().is_ok();
    if (engine_->beat()) {
      while (!offered_.empty() && offered_.front().first <= source_.settled) {
        acknowledged_.insert(offered_.front().second);
        offered_.erase(offered_.begin());
      }
    }
    clock_.advance(Duration(50ms) * static_cast<int>(1 + random_() % 10));
  }

  // Sends one batch; its answer comes at once, later, or never.
  bool send() {
    auto cut = cutter_->cut(border_->next(lane), clock_.monotonic());
    EXPECT_TRUE(cut);
    if (!cut || !*cut) return false;
    std::istringstream lines((*cut)->body);
    for (std::string line; std::getline(lines, line);) take(nlohmann::json::parse(line));
    unanswered_.push_back({lane,
                           (*cut)->first,
                           (*cut)->end,
                           false,
                           {},
                           (*cut)->end - (*cut)->first - (*cut)->events});
    if (random_() % 3 != 0) answer();
    return true;
  }
  void answer() {
    for (Acknowledgement& done : unanswered_) border_->acknowledge(std::move(done));
    unanswered_.clear();
  }

  void run(int steps) {
    bool is_up = false;
    for (int step = 0; step < steps; ++step) {
      switch (random_() % 20) {
        case 0:
          is_up = !is_up;
          break;
        case 1:
          start();
          break;  // a crash: what was not committed is gone
        case 2:
          answer();
          break;
        default:
          break;
      }
      for (auto n = random_() % 12; n > 0; --n) measure();
      beat();
      if (is_up) send();
    }
    come_to_rest();
  }

  void come_to_rest() {
    for (int i = 0; i < 4'000; ++i) {
      beat();
      const bool has_sent = send();
      answer();
      if (!has_sent && engine_->head().lanes.at(lane).waiting() == 0 && i > 50) return;
    }
    ADD_FAILURE() << "the backlog does not end";
  }

  void take(const nlohmann::json& event) {
    const std::string id = event["id"];
    const auto& data = event["data"];
    if (event["type"] == "sluice.gap") {
      const auto [known, is_new] = gaps_.emplace(id, data);
      EXPECT_TRUE(is_new || known->second == data) << "a gap that was sent has changed: " << id;
    } else if (event["type"] == "sluice.summary") {
      const auto [known, is_new] = summaries_.emplace(id, data);
      EXPECT_TRUE(is_new || known->second == data) << "a summary that was sent has changed: " << id;
      EXPECT_TRUE(data["fields"].contains("v")) << "a summary knows nothing of its events: " << id;
    } else {
      delivered_.insert(data["v"].get<std::uint64_t>());
    }
  }

  std::uint64_t gap_events(std::string_view reason) const {
    std::uint64_t events = 0;
    for (const auto& [id, gap] : gaps_) {
      if (gap["reason"].get<std::string>().starts_with(reason))
        events += gap["events"].get<std::uint64_t>();
    }
    return events;
  }
  std::uint64_t summarised_events() const {
    std::uint64_t events = 0;
    for (const auto& [id, data] : summaries_) events += data["events"].get<std::uint64_t>();
    return events;
  }

  // Each stored event was delivered or is told as given up, never both and never neither. Events
  // that were stored just before a crash may not have been acknowledged to the device.
  void expect_balance() const {
    const std::uint64_t stored = store_sequences();
    EXPECT_EQ(delivered_.size() + gap_events(""), stored);
    EXPECT_GE(stored, acknowledged_.size());
    EXPECT_EQ(summarised_events(), gap_events("summarised"));
  }
  std::uint64_t store_sequences() const { return engine_->head().next_sequence - 1; }

  std::uint64_t counted() const { return metrics_.sum("sluice_sink_given_up_events_total"); }
  const std::set<std::uint64_t>& delivered() const { return delivered_; }
  const std::set<std::uint64_t>& acknowledged() const { return acknowledged_; }

 private:
  std::mt19937_64 random_;
  RetentionPolicy policy_;
  MemoryStore store_{store_bytes};
  FakeClock clock_;
  Metrics metrics_;
  FakeSource source_;
  std::unique_ptr<IntakeQueue> intake_;
  std::unique_ptr<OutboxBorder> border_;
  std::unique_ptr<Engine> engine_;
  std::optional<BatchCutter> cutter_;
  std::vector<Acknowledgement> unanswered_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> offered_;  // receipt, value
  std::uint64_t receipt_ = 0;
  std::uint64_t next_value_ = 1;
  std::set<std::uint64_t> acknowledged_;
  std::set<std::uint64_t> delivered_;
  std::map<std::string, nlohmann::json> gaps_;
  std::map<std::string, nlohmann::json> summaries_;
};

RetentionPolicy policy_of(WhenStoreFull when_full) {
  RetentionPolicy policy;
  policy.when_full = when_full;
  return policy;
}

TEST(RetentionPolicies, Block_loses_nothing) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Box box(seed, policy_of(WhenStoreFull::block));
    box.run(300);
    EXPECT_EQ(box.gap_events(""), 0U) << "seed " << seed;
    for (const std::uint64_t value : box.acknowledged())
      ASSERT_TRUE(box.delivered().contains(value)) << "seed " << seed;
  }
}

TEST(RetentionPolicies, Drop_oldest_tells_of_each_event_that_it_drops) {
  std::uint64_t dropped = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Box box(seed, policy_of(WhenStoreFull::drop_oldest));
    box.run(400);
    box.expect_balance();
    dropped += box.gap_events("drop_oldest");
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(dropped, 1'000U) << "the policy had something to do";
}

TEST(RetentionPolicies, Max_age_tells_of_each_event_that_it_drops) {
  std::uint64_t dropped = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    RetentionPolicy policy;
    policy.max_age = 20s;
    Box box(seed, policy);
    box.run(400);
    box.expect_balance();
    dropped += box.gap_events("max_age");
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(dropped, 1'000U);
}

TEST(RetentionPolicies, Summaries_account_for_each_event_that_they_replace) {
  std::uint64_t summarised = 0;
  std::uint64_t dropped = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    RetentionPolicy policy = policy_of(WhenStoreFull::summarise);
    policy.levels = {{10s, 0s}, {60s, 40s}};
    Box box(seed, policy);
    box.run(400);
    box.expect_balance();
    summarised += box.gap_events("summarised");
    dropped += box.gap_events("drop_oldest");
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
  EXPECT_GT(summarised, 1'000U);
  RecordProperty("dropped", static_cast<int>(dropped));
}

TEST(RetentionPolicies, A_full_store_keeps_the_newest_events_and_goes_on_taking) {
  Box box(1, policy_of(WhenStoreFull::drop_oldest));
  for (int i = 0; i < 2'000; ++i) {
    box.measure();
    box.beat();
  }
  EXPECT_GT(box.acknowledged().size(), 1'900U);
  box.come_to_rest();
  box.expect_balance();
  EXPECT_EQ(box.counted(), box.gap_events("drop_oldest"));
  EXPECT_TRUE(box.delivered().contains(*box.acknowledged().rbegin()));
}

TEST(RetentionPolicies, Summarised_events_are_counted_once_however_often_their_summaries_are) {
  RetentionPolicy policy = policy_of(WhenStoreFull::summarise);
  policy.levels = {{20s, 0s}, {120s, 60s}};
  Box box(2, policy);
  for (int i = 0; i < 1'500; ++i) {
    box.measure();
    box.beat();
  }
  box.come_to_rest();
  box.expect_balance();
  EXPECT_GT(box.gap_events("summarised: the store is full; windows of 20s"), 0U);
  EXPECT_GT(box.gap_events("summarised: the store is full; windows of 2m"), 0U);
  EXPECT_EQ(box.counted(), box.gap_events(""));
}

TEST(RetentionPolicies, Large_events_behind_small_ones_leave_room_to_give_up) {
  Box box(3, policy_of(WhenStoreFull::drop_oldest));
  for (int i = 0; i < 50; ++i) {
    box.measure();
    box.beat();
  }
  for (int i = 0; i < 200; ++i) {
    box.measure(3'000);  // a store holds a dozen of these
    box.beat();
  }
  EXPECT_GT(box.acknowledged().size(), 245U) << "the sources wait although the sink gives up";
  box.come_to_rest();
  box.expect_balance();
}

TEST(RetentionPolicies, A_policy_that_is_set_later_makes_room_in_the_backlog_that_is_there) {
  Box box(5, policy_of(WhenStoreFull::block));
  for (int i = 0; i < 1'000; ++i) {
    box.measure();
    box.beat();
  }
  const std::size_t before = box.acknowledged().size();
  EXPECT_LT(before, 500U) << "the sources wait";
  box.restart_with(policy_of(WhenStoreFull::drop_oldest));
  for (int i = 0; i < 1'000; ++i) {
    box.measure();
    box.beat();
  }
  EXPECT_GT(box.acknowledged().size(), before + 900);
  box.come_to_rest();
  box.expect_balance();
}

}  // namespace
}  // namespace sluice
