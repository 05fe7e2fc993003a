#include "gateway/engine.h"

#include <gtest/gtest.h>

#include <random>

#include "drivers/codecs/decoder_factory.h"
#include "storage/dead_letters.h"
#include "storage/memory_store.h"
#include "storage/outbox.h"
#include "storage/quarantine.h"

namespace sluice {
namespace {

class FakeClock final : public Clock {
 public:
  Timestamp wall() const override { return Timestamp(std::chrono::seconds(1'790'000'000) + now_); }
  Duration monotonic() const override { return now_; }
  void advance(Duration by) { now_ += by; }

 private:
  Duration now_ = std::chrono::seconds(1);
};

// Remembers what it was told to acknowledge.
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

class EngineTest : public testing::Test {
 protected:
  EngineTest() { start(); }

  // A gateway with one source that goes straight to one sink.
  void start() {
    GraphSetup setup;
    setup.gateway = "box";
    setup.store_id = "id";
    setup.sources.push_back({"floor", {}});
    PipelineSetup pipeline;
    pipeline.name = "raw";
    pipeline.from = {"floor"};
    pipeline.to = {"cloud"};
    setup.pipelines.push_back(std::move(pipeline));
    auto graph = Graph::build(std::move(setup)).value();
    EventMakerSetup maker;
    maker.source_name = "floor";
    maker.gateway = "box";
    maker.store_id = "id";
    maker.decoder = make_decoder("json").value();
    if (auto time = Expression::compile("timestamp(data.ts)");
        std::holds_alternative<Expression>(time)) {
      maker.mapping.time = std::move(std::get<Expression>(time));
    }
    std::vector<EngineSource> sources;
    sources.push_back({std::make_unique<EventMaker>(std::move(maker)), &source_});
    std::uint64_t damaged = 0;
    FrameCodec codec;
    EngineConfig config;
    config.gateway = "box";
    engine_ = std::make_unique<Engine>(
        EngineContext{store_, clock_, metrics_, intake_, border_}, std::move(config), "id",
        recover_head(store_, codec, damaged).value(), std::move(graph), std::move(sources));
    ASSERT_TRUE(engine_->recall_repeats());
  }

  void offer(std::string_view payload, std::uint16_t number = 0, Repeat repeat = Repeat::never) {
    MessageBatch batch;
    Message message;
    message.receipt = Receipt{++receipt_};
    message.sender = "dev";
    message.topic = "t";
    message.payload = payload;
    message.number = number;
    message.repeat = repeat;
    message.received = clock_.wall();
    batch.add(message);
    SourceIntake(intake_, 0).offer(batch);
  }

  // Payloads in the outbox from its first record on.
  std::string outbox() {
    OutboxReader reader(store_, {1, 0}, "id");
    std::string all;
    for (std::uint64_t at = 1;;) {
      const auto found = reader.read(at).value();
      if (!found.is_found) return all;
      for (const Event& event : found.record.events) all += std::string(event.payload) + " ";
      at = found.record.end;
    }
  }

  // Hardly to be compressed.
  std::string noise(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text.push_back(static_cast<char>('0' + random_() % 64));
    return text;
  }

  std::mt19937 random_{7};
  MemoryStore store_{32 << 20};
  FakeClock clock_;
  Metrics metrics_;
  IntakeQueue intake_{IntakeBounds{}};
  OutboxBorder border_;
  FakeSource source_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t receipt_ = 0;
};

constexpr const char* one = R"({"ts":"2026-11-23T08:00:00Z","v":1})";
constexpr const char* two = R"({"ts":"2026-11-23T08:00:01Z","v":2})";

TEST_F(EngineTest, A_message_is_acknowledged_only_once_it_is_in_the_store) {
  offer(one);
  store_.fail_next_commits(1, {ErrorKind::no_space, "disk full"});
  EXPECT_FALSE(engine_->beat());
  EXPECT_EQ(source_.settled, 0U);
  EXPECT_EQ(outbox(), "");
  EXPECT_TRUE(source_.is_paused) << "a full store holds its sources back";
  EXPECT_TRUE(engine_->beat());
  EXPECT_EQ(source_.settled, 1U);
  EXPECT_EQ(outbox(), std::string(one) + " ");
}

TEST_F(EngineTest, All_messages_of_a_beat_share_one_commit) {
  for (int i = 0; i < 100; ++i) offer(one);
  const auto commits = store_.commits();
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(store_.commits(), commits + 1);
  EXPECT_EQ(source_.settled, 100U);
}

TEST_F(EngineTest, What_cannot_be_decoded_is_a_dead_letter_and_is_acknowledged) {
  offer("{bad");
  offer(two);
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(source_.settled, 2U);
  EXPECT_EQ(outbox(), std::string(two) + " ");
  std::string letters;
  std::uint64_t damaged = 0;
  FrameCodec codec;
  ASSERT_TRUE(read_dead_letters(store_, codec, "id", 0, damaged,
                                [&](const DeadLetter& letter, const BlockHeader&) {
                                  letters += letter.stage + ":" + std::string(letter.event.payload);
                                  return true;
                                }));
  EXPECT_EQ(letters, "decode:{bad");
}

TEST_F(EngineTest, A_repeat_is_answered_and_dropped_also_after_a_restart) {
  offer(one, 7);
  ASSERT_TRUE(engine_->beat());
  offer(one, 7, Repeat::possible);
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(source_.settled, 2U);
  start();
  offer(one, 7, Repeat::possible);
  offer(two, 7, Repeat::possible);
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(source_.settled, 4U);
  EXPECT_EQ(outbox(), std::string(one) + " " + two + " ");
  EXPECT_EQ(metrics_.sum("sluice_engine_redelivered_messages_total"), 2U);
}

TEST_F(EngineTest, A_repeat_is_known_after_a_restart_although_upstream_has_taken_it) {
  offer(one, 7);
  ASSERT_TRUE(engine_->beat());
  border_.acknowledge({{1, 0}, 1, 2, false, {}});
  offer(two, 8);
  ASSERT_TRUE(engine_->beat());
  border_.acknowledge({{1, 0}, 2, 3, false, {}});
  ASSERT_TRUE(engine_->beat());
  start();
  offer(one, 7, Repeat::possible);
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(metrics_.sum("sluice_engine_redelivered_messages_total"), 1U);
}

TEST_F(EngineTest, What_upstream_has_taken_is_trimmed_once_it_is_too_old_to_be_repeated) {
  offer(one, 7);
  ASSERT_TRUE(engine_->beat());
  border_.acknowledge({{1, 0}, 1, 2, false, {}});
  offer(two, 8);
  ASSERT_TRUE(engine_->beat());
  clock_.advance(std::chrono::seconds(300));
  border_.acknowledge({{1, 0}, 2, 3, false, {}});
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(outbox(), std::string(two) + " ") << "the last record remembers the position";
}

TEST_F(EngineTest, Sequences_of_undecodable_messages_are_not_given_again_after_a_crash) {
  offer("{bad");
  ASSERT_TRUE(engine_->beat());
  start();
  offer("{worse");
  ASSERT_TRUE(engine_->beat());
  std::vector<std::string> ids;
  std::uint64_t damaged = 0;
  FrameCodec codec;
  ASSERT_TRUE(read_dead_letters(store_, codec, "id", 0, damaged,
                                [&](const DeadLetter& letter, const BlockHeader&) {
                                  ids.emplace_back(letter.event.id);
                                  return true;
                                }));
  EXPECT_EQ(ids, (std::vector<std::string>{"id/1", "id/2"}));
}

TEST_F(EngineTest, The_same_bytes_without_the_mark_of_a_repeat_are_a_new_event) {
  offer(one, 7);
  offer(one, 7);
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(outbox(), std::string(one) + " " + one + " ");
}

TEST_F(EngineTest, Ids_are_never_given_twice_although_everything_was_delivered_and_trimmed) {
  offer(one);
  ASSERT_TRUE(engine_->beat());
  const std::uint64_t next = engine_->head().next_sequence;
  border_.acknowledge({{1, 0}, 1, 2, false, {}});
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(engine_->head().lanes.at({1, 0}).shipped, 2U);
  start();
  EXPECT_GE(engine_->head().next_sequence, next == 1 ? 2 : next);
  offer(two);
  ASSERT_TRUE(engine_->beat());
  OutboxReader reader(store_, {1, 0}, "id");
  EXPECT_EQ(reader.read(2).value().record.events.at(0).id, "id/2");
}

TEST_F(EngineTest, A_damaged_record_is_in_quarantine_before_a_trim_takes_it) {
  offer(one);
  ASSERT_TRUE(engine_->beat());
  offer(two);
  ASSERT_TRUE(engine_->beat());
  const std::string key = keys::lane_prefix({1, 0}) + std::string("\0\0\0\0\0\0\0\1", 8);
  border_.report_damage(key);
  border_.acknowledge({{1, 0}, 1, 3, false, {}});
  clock_.advance(std::chrono::seconds(300));
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(count_quarantined(store_).value(), 1U);
  EXPECT_EQ(metrics_.sum("sluice_store_damaged_records_total"), 1U);
  EXPECT_EQ(outbox(), std::string(two) + " ") << "the record itself is trimmed";
}

TEST_F(EngineTest, Rejected_events_become_dead_letters_in_the_commit_that_acknowledges_them) {
  offer(one);
  offer(two);
  ASSERT_TRUE(engine_->beat());
  border_.acknowledge({{1, 0}, 2, 3, true, "422"});
  ASSERT_TRUE(engine_->beat());
  std::string letters;
  std::uint64_t damaged = 0;
  FrameCodec codec;
  ASSERT_TRUE(read_dead_letters(
      store_, codec, "id", 0, damaged, [&](const DeadLetter& letter, const BlockHeader&) {
        letters +=
            letter.stage + ":" + letter.reason + ":" + std::string(letter.event.payload) + " ";
        return true;
      }));
  EXPECT_EQ(letters, "sink cloud:422:" + std::string(two) + " ");
  EXPECT_EQ(engine_->head().lanes.at({1, 0}).shipped, 1U) << "the first one still waits";
}

TEST_F(EngineTest, Nothing_is_written_while_nothing_happens) {
  ASSERT_TRUE(engine_->beat());
  const auto commits = store_.commits();
  for (int i = 0; i < 10; ++i) {
    clock_.advance(std::chrono::seconds(60));
    ASSERT_TRUE(engine_->beat());
  }
  EXPECT_EQ(store_.commits(), commits);
}

TEST_F(EngineTest, A_store_that_is_found_damaged_ends_the_gateway_for_the_next_start_to_salvage) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  offer(one);
  store_.fail_next_commits(1, {ErrorKind::corrupt, "a page cannot be"});
  EXPECT_DEATH((void)engine_->beat().is_ok(), "the next start salvages it");
}

TEST_F(EngineTest, A_change_that_a_person_asks_for_and_that_finds_no_room_changes_nothing) {
  offer("{bad");
  ASSERT_TRUE(engine_->beat());
  LetterChoice all;
  all.is_all = true;
  store_.fail_next_commits(1, {ErrorKind::no_space, "disk full"});
  EXPECT_FALSE(engine_->drop_letters(all));
  EXPECT_EQ(engine_->head().first_dead_letter, 1U);
  EXPECT_EQ(engine_->drop_letters(all)->changed, 1U);
  offer(two);
  ASSERT_TRUE(engine_->beat());
  EXPECT_EQ(outbox(), std::string(two) + " ");
}

TEST_F(EngineTest, A_letter_that_is_sent_again_is_decoded_again_and_what_no_source_sent_stays) {
  offer("{bad");
  ASSERT_TRUE(engine_->beat());
  LetterChoice all;
  all.is_all = true;
  const LetterChange again = engine_->retry_letters(all).value();
  EXPECT_EQ(again.changed, 1U);
  EXPECT_EQ(engine_->head().next_dead_letter, 3U) << "it is bad still: a letter of its own";
  std::uint64_t damaged = 0;
  FrameCodec codec;
  std::vector<std::uint64_t> numbers;
  ASSERT_TRUE(read_dead_letters(store_, codec, "id", 1, damaged,
                                [&](const DeadLetter& letter, const BlockHeader&) {
                                  numbers.push_back(letter.number);
                                  return true;
                                }));
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{2}));
  WriteBatch batch;
  const DeadLetter made{0, "pipeline p, step map#1", "no such field", {}};
  put_dead_letters(batch, codec, 3, {}, {&made, 1});
  ASSERT_TRUE(store_.commit(batch));
  LetterChoice third;
  third.numbers = {3};
  const LetterChange left = engine_->retry_letters(third).value();
  EXPECT_EQ(left.changed, 0U);
  EXPECT_EQ(left.not_now, (std::vector<std::uint64_t>{3}));
}

// Many small ones: how large all are is told from a few.
TEST_F(EngineTest, Dead_letters_have_a_bound_also_over_restarts) {
  MemoryStore& store = store_;
  const std::uint64_t bound = store.usage().max_bytes / 20;
  std::uint64_t letters = 0;
  for (int life = 0; life < 3; ++life) {
    for (int beat = 0; beat < 40; ++beat) {
      for (int i = 0; i < 50; ++i, ++letters) offer("{bad " + noise(1'000));
      ASSERT_TRUE(engine_->beat());
    }
    engine_.reset();
    start();
  }
  const Head head = engine_->head();
  EXPECT_GT(head.next_dead_letter, letters);
  EXPECT_GT(head.first_dead_letter, 1U) << "the oldest went";
  std::uint64_t bytes = 0;
  std::uint64_t told = 0;
  ASSERT_TRUE(store.scan("D", "E", [&](std::string_view, std::string_view value) {
    bytes += value.size();
    return true;
  }));
  EXPECT_LT(bytes, bound * 5 / 4);
  EXPECT_GT(bytes, bound * 3 / 4) << "no more went than must";
  std::uint64_t damaged = 0;
  FrameCodec codec;
  ASSERT_TRUE(read_dead_letters(store, codec, "id", head.first_dead_letter, damaged,
                                [&](const DeadLetter& letter, const BlockHeader&) {
                                  told += letter.stage == "store" ? 1 : 0;
                                  return true;
                                }));
  EXPECT_GT(told, 0U) << "a letter tells of them";
}

}  // namespace
}  // namespace sluice
