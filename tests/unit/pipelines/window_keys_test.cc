// Windows that end by their key's own time, and keys that are forgotten or make room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/unit/pipelines/window_fixture.h"

namespace sluice {
namespace {

using sluice::testing::at_ms;
using sluice::testing::make_event;
using sluice::testing::must;
using sluice::testing::places;
using sluice::testing::Recording;
using sluice::testing::WindowTest;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class KeyTime : public WindowTest {
 protected:
  static WindowConfig ten_ms() {
    WindowConfig config;
    config.size = milliseconds(10);
    config.key = "subject";
    config.emit = {{"sum", "sum(data.v)"}};
    config.by_key_time = true;
    return config;
  }
  void SetUp() override { configure(ten_ms()); }
  std::vector<std::string> block_ends() { return after(1); }
};

TEST_F(KeyTime, A_device_that_was_away_is_not_late_by_the_time_of_others) {
  event("here", 1000, 1);
  EXPECT_THAT(block_ends(), IsEmpty());
  event("away", 5, 2);
  event("away", 12, 4);
  EXPECT_THAT(block_ends(), ElementsAre(R"(away [0,10) #0 {"sum":2})"));
  event("here", 1010, 1);
  EXPECT_THAT(block_ends(), ElementsAre(R"(here [1000,1010) #0 {"sum":1})"));
  event("away", 3, 8);
  EXPECT_THAT(block_ends(), IsEmpty());
  EXPECT_THAT(late(), ElementsAre(3));
}

TEST_F(KeyTime, The_watermark_of_the_sources_ends_nothing) {
  event("a", 5, 1);
  EXPECT_THAT(watermark(1'000'000), IsEmpty());
  event("a", 6, 2);
  event("a", 10, 4);
  EXPECT_THAT(block_ends(), ElementsAre(R"(a [0,10) #0 {"sum":3})"));
}

TEST_F(KeyTime, Windows_due_together_fire_in_the_order_of_their_end_and_then_of_the_key) {
  for (const char* key : {"b", "a"}) {
    event(key, 5, 1);
    event(key, 15, 1);
    event(key, 25, 1);
  }
  EXPECT_THAT(block_ends(), ElementsAre(R"(a [0,10) #0 {"sum":1})", R"(b [0,10) #0 {"sum":1})",
                                        R"(a [10,20) #0 {"sum":1})", R"(b [10,20) #0 {"sum":1})"));
}

TEST_F(KeyTime, A_silent_key_is_forgotten_and_tells_what_it_has_early) {
  WindowConfig config = ten_ms();
  config.forget_after = milliseconds(50);
  configure(config);
  event("a", 5, 1);
  EXPECT_THAT(block_ends(), IsEmpty());
  restart();
  event("b", 5, 2);
  EXPECT_THAT(after(29), IsEmpty());
  EXPECT_EQ(step_->next_timer(), EngineTime{1'000'000} + milliseconds(50));
  EXPECT_THAT(after(21), ElementsAre(R"(a [0,10) #0 early {"sum":1})"));
  event("b", 6, 2);
  EXPECT_THAT(after(29), IsEmpty()) << "its last event is not that old";
  EXPECT_THAT(after(50), ElementsAre(R"(b [0,10) #0 early {"sum":4})"));
  EXPECT_EQ(step_->next_timer(), std::nullopt);
  EXPECT_EQ(out_.counted.at("forgotten_keys"), 2U);
}

TEST_F(KeyTime, A_full_step_refuses_or_lets_the_key_go_that_was_not_seen_for_longest) {
  WindowConfig config = ten_ms();
  config.max_keys = 2;
  configure(config);
  for (const char* key : {"a", "b", "a", "c"}) event(key, 1, 1);
  EXPECT_EQ(out_.dropped.at("max_keys"), 1U);
  config.when_full = WhenFull::evict;
  configure(config);
  for (const char* key : {"a", "b", "a"}) event(key, 1, 1);
  restart();
  event("c", 1, 1);
  EXPECT_THAT(results(), ElementsAre(R"(b [0,10) #0 early {"sum":1})"));
  EXPECT_EQ(out_.counted.at("evicted_keys"), 1U);
}

// Each key as if it were alone in the world, with a watermark of its own.
TEST(KeyTimeOracle, Each_key_agrees_with_a_step_that_sees_nothing_else) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto pick = [&random](unsigned n) { return static_cast<int>(random() % n); };
    WindowConfig config;
    config.shape = pick(2) == 0 ? WindowShape::tumbling : WindowShape::session;
    config.size = milliseconds(5 + pick(20));
    config.lateness = milliseconds(pick(3) * 10);
    config.accumulating = pick(2) == 0;
    config.key = "subject";
    config.emit = {{"sum", "sum(data.v)"}, {"n", "count()"}};
    WindowConfig by_key = config;
    by_key.by_key_time = true;
    by_key.out_of_order = milliseconds(pick(10));

    struct Alone {
      std::unique_ptr<Step> step;
      Recording out;
      Timestamp highest = Timestamp::min();
    };
    std::map<std::string, Alone> alone;
    auto step = must(make_window(by_key));
    Recording out;
    const auto text = [](const Event& result) {
      return std::string(result.subject) + " " + format_timestamp(result.time) + " " +
             to_json(*find_extension(result, "revision")) + to_json(result.data);
    };
    for (int block = 0; block < 60; ++block) {
      if (pick(8) == 0) {
        auto fresh = must(make_window(by_key));
        ASSERT_TRUE(sluice::testing::copy_state(*step, *fresh, 40).is_ok());
        step = std::move(fresh);
      }
      std::vector<std::string> wanted;
      std::vector<Event*> events;
      for (int i = pick(6); i > 0; --i) {
        const int who = pick(4);
        const int ms = block * 5 - who * 1000 - pick(pick(6) == 0 ? 90 : 12);
        const std::string key(1, static_cast<char>('a' + who));
        events.push_back(make_event(out.arena(), key, ms, Value::integer(pick(100))));
        Alone& one = alone[key];
        if (!one.step) one.step = must(make_window(config));
        one.step->process({&events.back(), 1}, one.out);
        one.highest = std::max(one.highest, events.back()->time);
      }
      std::size_t late = 0;
      for (auto& [key, one] : alone) {
        one.step->advance_watermark(one.highest - by_key.out_of_order, one.out);
        for (const Event* result : one.out.take()) wanted.push_back(text(*result));
        late += one.out.named[0].size();
      }
      step->process(events, out);
      step->advance_time(EngineTime{block}, out);
      std::vector<std::string> got;
      for (const Event* result : out.take()) got.push_back(text(*result));
      std::ranges::sort(wanted);
      std::ranges::sort(got);
      ASSERT_EQ(got, wanted) << "block " << block;
      ASSERT_EQ(out.named[0].size(), late);
    }
  }
}

using CountKeys = WindowTest;

WindowConfig by_fives() {
  WindowConfig config;
  config.shape = WindowShape::count;
  config.count = 5;
  config.key = "subject";
  config.emit = {{"sum", "sum(data.v)"}};
  return config;
}

TEST_F(CountKeys, A_silent_key_tells_what_it_has_early_and_begins_anew) {
  WindowConfig config = by_fives();
  config.forget_after = milliseconds(50);
  configure(config);
  event("a", 1, 1);
  event("a", 3, 2);
  EXPECT_THAT(after(1), IsEmpty());
  restart();
  EXPECT_THAT(after(49), IsEmpty());
  EXPECT_THAT(after(1), ElementsAre(R"(a [1,3) #0 early {"sum":3})"));
  for (int i = 0; i < 5; ++i) event("a", 10 + i, 1);
  EXPECT_THAT(after(1), ElementsAre(R"(a [10,14) #0 {"sum":5})"));
  EXPECT_EQ(out_.counted.at("forgotten_keys"), 1U);
}

TEST_F(CountKeys, A_full_step_lets_the_key_go_that_was_not_seen_for_longest) {
  WindowConfig config = by_fives();
  config.max_keys = 2;
  config.when_full = WhenFull::evict;
  configure(config);
  for (const char* key : {"a", "b", "a"}) event(key, 1, 1);
  restart();
  event("c", 1, 1);
  EXPECT_THAT(results(), ElementsAre(R"(b [1,1) #0 early {"sum":1})"));
  event("b", 1, 1);
  EXPECT_THAT(results(), ElementsAre(R"(a [1,1) #0 early {"sum":2})"));
  EXPECT_TRUE(out_.dropped.empty());
}

// With `every` shorter than `count` the events of a result were told, but are needed again.
TEST_F(CountKeys, What_was_told_is_not_told_again_when_a_key_goes) {
  WindowConfig config = by_fives();
  config.count_every = 1;
  config.forget_after = milliseconds(50);
  configure(config);
  event("a", 1, 1);
  EXPECT_THAT(after(1), ElementsAre(R"(a [1,1) #0 {"sum":1})"));
  EXPECT_THAT(after(60), IsEmpty());
  EXPECT_EQ(out_.counted.at("forgotten_keys"), 1U);
}

TEST_F(CountKeys, Bounds_that_do_not_fit_the_window_are_refused) {
  WindowConfig config;
  config.size = milliseconds(10);
  config.emit = {{"n", "count()"}};
  config.when_full = WhenFull::evict;
  config.forget_after = milliseconds(5);
  config.out_of_order = milliseconds(5);
  config.splits_touching = true;
  EXPECT_THAT(places(make_window(config)), UnorderedElementsAre("when_full:0", "forget_after:0",
                                                                "out_of_order:0", "touching:0"));
  config.splits_touching = false;
  config.by_key_time = true;
  EXPECT_THAT(places(make_window(config)), ElementsAre("watermark:0")) << "there is no key";
  config.key = "subject";
  EXPECT_THAT(places(make_window(config)), IsEmpty());
  config.early = milliseconds(5);
  EXPECT_THAT(places(make_window(config)), ElementsAre("early:0"));
  config.shape = WindowShape::hopping;
  config.every = milliseconds(5);
  config.early = milliseconds(0);
  EXPECT_THAT(places(make_window(config)), ElementsAre("watermark:0"));
}

using GlobalKeys = WindowTest;

TEST_F(GlobalKeys, A_silent_key_tells_what_it_has_early_and_a_full_step_makes_room) {
  WindowConfig config;
  config.shape = WindowShape::global;
  config.early = milliseconds(1000);
  config.key = "subject";
  config.emit = {{"sum", "sum(data.v)"}};
  config.forget_after = milliseconds(50);
  config.max_keys = 2;
  config.when_full = WhenFull::evict;
  configure(config);
  for (const char* key : {"a", "b", "a"}) event(key, 1, 1);
  EXPECT_THAT(after(1), IsEmpty());
  restart();
  EXPECT_EQ(step_->next_timer(), EngineTime{1'000'000} + milliseconds(50));
  event("c", 1, 1);
  EXPECT_THAT(results(), ElementsAre(R"(b #0 early {"sum":1})"));
  EXPECT_THAT(after(49), IsEmpty());
  EXPECT_THAT(after(1), ElementsAre(R"(a #0 early {"sum":2})"));
  EXPECT_EQ(out_.counted.at("evicted_keys"), 1U);
  EXPECT_EQ(out_.counted.at("forgotten_keys"), 1U);
  EXPECT_THAT(after(949), ElementsAre(R"(c #0 early {"sum":1})"));
}

using Touching = WindowTest;

TEST_F(Touching, Sessions_that_touch_are_two_when_they_are_to_be_split) {
  WindowConfig config;
  config.shape = WindowShape::session;
  config.size = milliseconds(10);
  config.splits_touching = true;
  config.key = "subject";
  config.emit = {{"n", "count()"}};
  configure(config);
  for (const int ms : {0, 10, 30, 21, 29, 60, 50}) event("a", ms, 1);
  EXPECT_THAT(watermark(100), ElementsAre(R"(a [0,10) #0 {"n":1})", R"(a [10,20) #0 {"n":1})",
                                          R"(a [21,40) #0 {"n":3})", R"(a [50,60) #0 {"n":1})",
                                          R"(a [60,70) #0 {"n":1})"));
}

}  // namespace
}  // namespace sluice
