#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "pipelines/steps/join.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

JoinConfig config_of(std::int64_t within_ms, Unmatched unmatched = Unmatched::none) {
  JoinConfig config;
  config.keyed.key = "subject";
  config.left = "type == 'l'";
  config.right = "type == 'r'";
  config.within = milliseconds(within_ms);
  config.unmatched = unmatched;
  return config;
}

Event* side_event(Arena& arena, std::string_view side, std::string_view key, std::int64_t ms,
                  std::int64_t v) {
  Event* event = make_event(arena, key, ms, Value::integer(v));
  event->type = arena.copy(side);
  return event;
}

std::string text(const Event& event) {
  return std::string(event.subject) + " " + std::to_string(ms_of(event)) + " " +
         to_json(event.data);
}
std::vector<std::string> texts(const std::vector<Event*>& events) {
  std::vector<std::string> found;
  for (const Event* event : events) found.push_back(text(*event));
  return found;
}

// Remembers every event for ever; which of them still wait is asked of the watermark.
class Oracle {
 public:
  Oracle(std::int64_t within, Unmatched unmatched) : within_(within), unmatched_(unmatched) {}

  void take(const Event& event) {
    Seen seen{std::string(event.subject), event.type == "l", ms_of(event), value_of(event)};
    for (Seen& other : seen_) {
      const bool meets = other.waits && other.key == seen.key && other.is_left != seen.is_left &&
                         std::abs(other.ms - seen.ms) <= within_;
      if (!meets) continue;
      other.is_matched = seen.is_matched = true;
      const Seen& left = seen.is_left ? seen : other;
      const Seen& right = seen.is_left ? other : seen;
      left_.push_back(seen.key + " " + std::to_string(std::max(left.ms, right.ms)) +
                      R"( {"left":{"v":)" + std::to_string(left.v) + R"(},"right":{"v":)" +
                      std::to_string(right.v) + "}}");
    }
    seen_.push_back(seen);
  }

  void advance(std::int64_t watermark) {
    std::vector<Seen*> over;
    for (Seen& seen : seen_) {
      if (!seen.waits || seen.ms + within_ >= watermark) continue;
      seen.waits = false;
      over.push_back(&seen);
    }
    std::ranges::stable_sort(over, {}, &Seen::ms);
    for (const Seen* seen : over) {
      const bool leaves = unmatched_ == Unmatched::both ||
                          unmatched_ == (seen->is_left ? Unmatched::left : Unmatched::right);
      if (seen->is_matched || !leaves) continue;
      left_.push_back(seen->key + " " + std::to_string(seen->ms) +
                      (seen->is_left ? R"( {"left":{"v":)" : R"( {"right":{"v":)") +
                      std::to_string(seen->v) + "}}");
    }
  }

  std::vector<std::string> take_left() { return std::exchange(left_, {}); }
  std::size_t waiting() const {
    return static_cast<std::size_t>(std::ranges::count(seen_, true, &Seen::waits));
  }

 private:
  struct Seen {
    std::string key;
    bool is_left;
    std::int64_t ms;
    std::int64_t v;
    bool waits = true;
    bool is_matched = false;
  };
  const std::int64_t within_;
  const Unmatched unmatched_;
  std::vector<Seen> seen_;
  std::vector<std::string> left_;
};

// The step under test with a watermark at the end of each block, and now and then a crash: a new
// step with the state as it was when a snapshot began, and the blocks since.
class JoinRun {
 public:
  JoinRun(unsigned seed, JoinConfig config)
      : random_(seed), config_(std::move(config)), step_(must(make_join(config_))) {}

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  Arena& arena() { return out_.arena(); }
  const Recording& out() const { return out_; }

  std::vector<std::string> run(std::vector<Event*> events, std::int64_t watermark_ms) {
    if (pick(1, 8) == 1) crash();
    blocks_.push_back({std::move(events), watermark_ms});
    std::vector<std::string> gave = play(*step_, blocks_.back(), out_);
    if (pick(1, 5) == 1) save();
    return gave;
  }

 private:
  struct Block {
    std::vector<Event*> events;
    std::int64_t watermark_ms;
  };
  static std::vector<std::string> play(Step& step, const Block& block, Recording& out) {
    step.process(block.events, out);
    // What the graph relies on: before this watermark nothing is due.
    const auto due = step.next_watermark();
    const std::uint64_t before = out.emitted.size();
    if (due && *due > at_ms(block.watermark_ms)) {
      step.advance_watermark(at_ms(block.watermark_ms), out);
      EXPECT_EQ(out.emitted.size(), before);
    }
    step.advance_watermark(at_ms(block.watermark_ms), out);
    step.advance_time(engine_ms(block.watermark_ms), out);
    return texts(out.take());
  }
  void save() {
    slices_.clear();
    step_->begin_snapshot();
    for (bool is_last = false; !is_last;)
      is_last = step_->save_slice(static_cast<std::size_t>(pick(1, 300)), slices_.emplace_back());
    blocks_.clear();
  }
  void crash() {
    step_ = must(make_join(config_));
    for (const std::string& slice : slices_) ASSERT_TRUE(step_->load_slice(slice).is_ok());
    Recording replayed;
    for (const Block& block : blocks_) play(*step_, block, replayed);
  }

  std::mt19937 random_;
  JoinConfig config_;
  std::unique_ptr<Step> step_;
  Recording out_;
  std::vector<Block> blocks_;  // since the snapshot
  std::vector<std::string> slices_;
};

TEST(Join, Agrees_with_a_loop_over_all_events_there_ever_were) {
  std::size_t pairs = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::int64_t within = seed % 4 * 15;
    const auto unmatched = static_cast<Unmatched>(seed % 5 % 4);
    JoinRun run(seed, config_of(within, unmatched));
    Oracle oracle(within, unmatched);
    std::size_t in = 0;
    std::size_t ended = 0;
    std::int64_t watermark = 0;
    std::int64_t v = 0;
    for (int block = 0; block < 120; ++block) {
      std::vector<Event*> events;
      for (std::int64_t i = run.pick(0, 4); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + run.pick(0, 3)));
        const std::string side(run.pick(0, 1) == 0 ? "l" : "r");
        events.push_back(side_event(run.arena(), side, key, block * 10 - run.pick(0, 60), ++v));
        oracle.take(*events.back());
      }
      in += events.size();
      watermark = std::max(watermark, block * 10 - run.pick(10, 40));
      oracle.advance(watermark);
      const std::vector<std::string> gave = run.run(std::move(events), watermark);
      ASSERT_EQ(gave, oracle.take_left()) << "block " << block;
      for (const std::string& line : gave) {
        const bool is_pair =
            line.find("left") != std::string::npos && line.find("right") != std::string::npos;
        ++(is_pair ? pairs : ended);
      }
    }
    // Each event that came ends once: alone, dropped as joined or unmatched, or it waits.
    for (const auto& [reason, count] : run.out().dropped) ended += count;
    EXPECT_EQ(in, ended + oracle.waiting());
  }
  EXPECT_GT(pairs, 10'000u);
}

TEST(Join, The_result_keeps_the_correlation_and_the_later_time) {
  const auto step = must(make_join(config_of(50)));
  Recording out;
  Event* left = side_event(out.arena(), "l", "k", 100, 1);
  left->id = "box/1";
  left->topic = "door";
  Event* right = side_event(out.arena(), "r", "k", 70, 2);
  right->id = "box/2";
  const Attribute correlation[] = {{"correlationid", Value::string("trip-9")}};
  right->extensions = correlation;
  std::vector<Event*> events = {right, left};
  step->process(events, out);
  const auto emitted = out.take();
  ASSERT_EQ(emitted.size(), 1u);
  const Event& event = *emitted[0];
  EXPECT_EQ(text(event), R"(k 100 {"left":{"v":1},"right":{"v":2}})");
  EXPECT_EQ(event.topic, "door");
  EXPECT_EQ(find_extension(event, "correlationid")->as_text(), "box/1");
  EXPECT_EQ(find_extension(event, "causationid")->as_text(), "trip-9");
  EXPECT_FALSE(event.is_unchanged);
  EXPECT_EQ(event.source_index, no_source);
}

TEST(Join, What_is_on_neither_side_is_dropped_and_a_condition_without_a_truth_fails) {
  JoinConfig config = config_of(50);
  config.right = "data.v > 5";
  const auto step = must(make_join(config));
  Recording out;
  Event* text_value = make_event(out.arena(), "k", 1, Value::string("x"));
  Event* small = make_event(out.arena(), "k", 1, Value::integer(1));
  std::vector<Event*> events = {text_value, small};
  step->process(events, out);
  EXPECT_EQ(out.dropped["no_side"], 1u);
  ASSERT_EQ(out.failed.size(), 1u);
  EXPECT_THAT(out.reasons[0], ::testing::StartsWith("right: "));
}

TEST(Join, Beyond_max_events_the_oldest_goes_early_as_if_its_time_were_over) {
  JoinConfig config = config_of(1000, Unmatched::left);
  config.max_events = 2;
  const auto step = must(make_join(config));
  Recording out;
  std::vector<Event*> events;
  for (int i = 1; i <= 4; ++i) events.push_back(side_event(out.arena(), "l", "k", i, i));
  step->process(events, out);
  EXPECT_THAT(texts(out.take()), ElementsAre(R"(k 1 {"left":{"v":1}})", R"(k 2 {"left":{"v":2}})"));
  EXPECT_EQ(out.counted["early"], 2u);
}

// What one message can be split into, each event meeting all that wait.
TEST(Join, Of_one_block_only_so_many_pairs_are_made) {
  JoinConfig config = config_of(1000);
  config.max_events = JoinConfig::most_events;
  const auto step = must(make_join(config));
  Recording out;
  const std::size_t lefts = 500;
  const std::size_t rights = JoinConfig::most_pairs_of_block / lefts;
  const auto send = [&](std::string_view side, std::size_t count) {
    std::vector<Event*> events;
    for (std::size_t i = 0; i < count; ++i)
      events.push_back(side_event(out.arena(), side, "k", 1, 1));
    step->process(events, out);
    return out.take().size();
  };
  EXPECT_EQ(send("l", lefts), 0u);
  EXPECT_EQ(send("r", rights + 3), JoinConfig::most_pairs_of_block);
  ASSERT_EQ(out.failed.size(), 3u);
  EXPECT_THAT(out.reasons[0], ::testing::HasSubstr("too many pairs in one block"));
  step->advance_time(engine_ms(0), out);
  EXPECT_EQ(send("r", 1), lefts) << "another block";
  EXPECT_EQ(out.failed.size(), 3u);
  step->advance_watermark(Timestamp::max(), out);
  EXPECT_EQ(out.dropped["joined"], lefts + rights + 1);
}

TEST(Join, Pairs_of_large_events_are_fewer) {
  JoinConfig config = config_of(1000);
  config.max_events = JoinConfig::most_events;
  const auto step = must(make_join(config));
  Recording out;
  std::vector<Event*> events;
  const std::string large(60'000, 'x');
  for (int i = 0; i < 3; ++i) {
    events.push_back(make_event(out.arena(), "k", 1, Value::string(large)));
    events.back()->type = "l";
  }
  for (int i = 0; i < 500; ++i) events.push_back(side_event(out.arena(), "r", "k", 1, 1));
  step->process(events, out);
  EXPECT_GT((out.emitted.size() + 3) * 60'200, JoinConfig::most_pair_bytes_of_block);
  EXPECT_LT(out.emitted.size() * 60'000, JoinConfig::most_pair_bytes_of_block);
  EXPECT_EQ(out.emitted.size() / 3 + out.failed.size(), 500u);
}

TEST(Join, Memory_stays_within_its_limit_under_random_keys_and_large_values) {
  JoinConfig config = config_of(1'000'000);
  config.keyed.bounds.max_memory = std::size_t{1} << 20;
  const auto step = must(make_join(config));
  std::mt19937 random(7);
  std::size_t in = 0;
  std::uint64_t ended = 0;
  std::size_t held = 0;
  for (int block = 0; block < 200; ++block) {
    Recording out;
    std::vector<Event*> events;
    for (int i = 0; i < 20; ++i) {
      const std::string key = random() % 3 == 0 ? "hot" : std::to_string(random());
      Event* event =
          make_event(out.arena(), key, block,
                     Value::string(out.arena().copy(std::string(random() % 60'000, 'x'))));
      event->type = random() % 2 == 0 ? "l" : "r";
      events.push_back(event);
    }
    if (block % 10 == 0) step->begin_snapshot();
    step->process(events, out);
    step->advance_time(engine_ms(block), out);
    in += events.size();
    for (const auto& [reason, count] : out.dropped) ended += count;
    ASSERT_LE(step->memory_bytes(), step->memory_limit());
    std::string slice;
    if (block % 10 == 9) step->save_slice(1 << 20, slice);
  }
  Recording out;
  step->advance_watermark(Timestamp::max(), out);
  for (const auto& [reason, count] : out.dropped) held += count;
  EXPECT_EQ(in, ended + held);
  EXPECT_GT(held, 10u);
}

TEST(Join, A_slice_that_is_not_what_was_saved_is_refused) {
  const auto step = must(make_join(config_of(50)));
  Recording out;
  std::vector<Event*> events = {side_event(out.arena(), "l", "k", 1, 1)};
  step->process(events, out);
  std::string slice;
  step->begin_snapshot();
  ASSERT_TRUE(step->save_slice(1 << 16, slice));
  for (std::size_t size = 2; size < slice.size(); ++size) {
    EXPECT_FALSE(must(make_join(config_of(50)))->load_slice(slice.substr(0, size)).is_ok()) << size;
  }
  ++slice[0];
  EXPECT_FALSE(must(make_join(config_of(50)))->load_slice(slice).is_ok());
}

TEST(Join, Each_wrong_option_is_told) {
  JoinConfig config;
  config.keyed.bounds.max_keys = 0;
  config.left = "1 + 1";
  config.right = "data.x >";
  config.left_name = "a b";
  config.right_name = "a b";
  config.within = milliseconds(-1);
  config.max_events = 0;
  EXPECT_THAT(places(make_join(config)),
              ElementsAre("max_keys:0", "left:0", ::testing::StartsWith("right:"), "left_name:0",
                          "right_name:0", "right_name:0", "within:0", "max_events:0"));
}

}  // namespace
}  // namespace sluice
