// What window steps take never goes beyond their bound, whatever comes, and what the bound refuses
// is the same after a restart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "pipelines/windows/timers.h"
#include "tests/unit/pipelines/window_fixture.h"

namespace sluice {
namespace {

using sluice::testing::at_ms;
using sluice::testing::copy_state;
using sluice::testing::make_event;
using sluice::testing::must;
using sluice::testing::places;
using sluice::testing::Recording;
using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::Key;

constexpr std::size_t bound = std::size_t{256} << 10;

struct Attack {
  std::string name;
  WindowConfig config;
};

WindowConfig attacked(WindowShape shape, int size_ms) {
  WindowConfig config;
  config.shape = shape;
  config.size = milliseconds(size_ms);
  config.key = "subject";
  config.max_memory = bound;
  config.emit = {{"n", "count()"},
                 {"all", "collect(data.v, 1000)"},
                 {"kinds", "distinct(data.v)"},
                 {"top", "top_k(data.v, 5)"},
                 {"last", "last(data.v)"},
                 {"p99", "percentile(data.x, 99)"}};
  return config;
}

std::vector<Attack> attacks() {
  std::vector<Attack> all;
  const auto add = [&all](const char* name, const WindowConfig& config) -> WindowConfig& {
    all.push_back({name, config});
    return all.back().config;
  };
  add("tumbling", attacked(WindowShape::tumbling, 1000)).lateness = milliseconds(300);
  add("session", attacked(WindowShape::session, 20)).lateness = milliseconds(300);
  add("session, fixed", attacked(WindowShape::session, 20)).emit = {{"n", "count()"}};
  WindowConfig& hopping = add("hopping", attacked(WindowShape::hopping, 100));
  hopping.every = milliseconds(7);
  hopping.lateness = milliseconds(50);
  WindowConfig& discarding = add("hopping, discarding", hopping);
  discarding.accumulating = false;
  WindowConfig& fixed = add("hopping, fixed", attacked(WindowShape::hopping, 100));
  fixed.every = milliseconds(7);
  fixed.emit = {{"mean", "avg(data.x)"}};
  add("sliding", attacked(WindowShape::sliding, 50)).lateness = milliseconds(50);
  WindowConfig& global = add("global", attacked(WindowShape::global, 0));
  global.early = milliseconds(100);
  add("global, evicting", global).when_full = WhenFull::evict;
  WindowConfig& count = add("count", attacked(WindowShape::count, 0));
  count.count = 60;
  count.count_every = 5;
  add("count, evicting", count).when_full = WhenFull::evict;
  WindowConfig& by_key = add("by key", attacked(WindowShape::tumbling, 50));
  by_key.by_key_time = true;
  add("by key, evicting", by_key).when_full = WhenFull::evict;
  return all;
}

// A step under random keys, short and long, with values of any size; a few keys come all the time.
class Attacker {
 public:
  explicit Attacker(const WindowConfig& config)
      : config_(config), step_(must(make_window(config))) {}

  void run_block(int block) {
    std::vector<Event*> events;
    for (int i = 0; i < 40; ++i) events.push_back(event(block));
    step_->process(events, out_);
    step_->advance_watermark(at_ms(block * 5 - 200), out_);
    step_->advance_time(EngineTime{block * 5'000'000}, out_);
  }

  void restart() {
    auto fresh = must(make_window(config_));
    ASSERT_TRUE(copy_state(*step_, *fresh, 4096).is_ok());
    step_ = std::move(fresh);
  }

  // As text: a result's field names lie in the step.
  std::vector<std::string> take_results() {
    std::vector<std::string> results;
    for (const Event* result : out_.take()) {
      results.push_back(std::string(result->subject) + to_json(result->data));
    }
    return results;
  }

  Step& step() { return *step_; }
  const Recording& out() const { return out_; }

 private:
  Event* event(int block) {
    const auto pick = [this](unsigned n) { return random_() % n; };
    std::string key = pick(4) == 0 ? std::to_string(pick(5)) : std::to_string(random_());
    if (pick(10) == 0) key += std::string(pick(900), 'k');
    Value text =
        Value::string(out_.arena().copy(std::string(pick(2) * pick(120), 'v') + key.substr(0, 5)));
    Event* made = make_event(
        out_.arena(),
        {{"v", text}, {"x", Value::number(static_cast<double>(pick(1'000'000)) / 1000.0)}});
    made->subject = out_.arena().copy(key);
    made->time = at_ms(block * 5 - static_cast<int>(pick(pick(8) == 0 ? 400 : 20)));
    return made;
  }

  const WindowConfig config_;
  std::unique_ptr<Step> step_;
  Recording out_;
  std::mt19937 random_{7};
};

TEST(WindowMemory, Stays_within_the_bound_under_an_attack) {
  for (const auto& [name, config] : attacks()) {
    SCOPED_TRACE(name);
    Attacker attacker(config);
    const std::size_t limit = attacker.step().memory_limit();
    EXPECT_LE(limit, 4 * bound);
    for (int block = 0; block < 150; ++block) {
      attacker.run_block(block);
      if (block % 20 == 0) attacker.step().begin_snapshot();
      ASSERT_LE(attacker.step().memory_bytes(), limit) << "block " << block;
      std::string slice;
      attacker.step().save_slice(1024, slice);
    }
    if (config.when_full == WhenFull::evict) {
      EXPECT_THAT(attacker.out().counted, Contains(Key("evicted_keys")));
    } else {
      EXPECT_THAT(attacker.out().dropped, Contains(Key("max_memory")));
    }
  }
}

TEST(WindowMemory, Between_snapshots_the_state_stays_within_max_memory_itself) {
  for (const auto& [name, config] : attacks()) {
    SCOPED_TRACE(name);
    Attacker attacker(config);
    for (int block = 0; block < 100; ++block) {
      attacker.run_block(block);
      ASSERT_LE(attacker.step().memory_bytes(), bound + 16 * 1024) << "block " << block;
    }
  }
}

TEST(WindowMemory, The_bound_refuses_the_same_events_after_a_restart) {
  for (const auto& [name, config] : attacks()) {
    SCOPED_TRACE(name);
    Attacker steady(config);
    Attacker restarting(config);
    for (int block = 0; block < 100; ++block) {
      steady.run_block(block);
      restarting.restart();
      restarting.run_block(block);
      ASSERT_EQ(steady.out().dropped, restarting.out().dropped) << "block " << block;
      ASSERT_EQ(steady.out().counted, restarting.out().counted) << "block " << block;
      ASSERT_EQ(steady.take_results(), restarting.take_results()) << "block " << block;
    }
  }
}

TEST(WindowMemory, A_bound_that_holds_no_window_is_refused) {
  WindowConfig config = attacked(WindowShape::tumbling, 10);
  config.max_memory = 10'000;
  EXPECT_THAT(places(make_window(config)), ::testing::ElementsAre("max_memory:0"));
  config.emit = {{"n", "count()"}};
  EXPECT_TRUE(places(make_window(config)).empty());
}

TEST(Timers, Keys_that_were_taken_out_do_not_pile_up) {
  Timers timers;
  std::set<Timers::Slot> in;
  for (Timers::Slot slot = 0; slot < 10; ++slot) {
    timers.add(at_ms(5), slot);
    in.insert(slot);
  }
  const std::size_t bytes = timers.bytes();
  const auto is_in = [&in](Timers::Slot slot) { return in.contains(slot); };
  for (int turn = 0; turn < 1000; ++turn) {
    const auto slot = static_cast<Timers::Slot>(turn * 7 % 10);
    in.erase(slot);
    timers.remove(at_ms(5), is_in);
    timers.add(at_ms(5), slot);
    in.insert(slot);
  }
  in.erase(3);
  timers.remove(at_ms(5), is_in);
  timers.add(at_ms(4), 3);
  EXPECT_EQ(timers.first(), at_ms(4));
  EXPECT_THAT(timers.take_first(), ::testing::ElementsAre(3));
  EXPECT_LT(timers.bytes(), bytes);
  const std::vector<Timers::Slot> rest = timers.take_first();
  EXPECT_LE(rest.size(), 2 * 10 + 4U);
  for (const Timers::Slot slot : in) EXPECT_THAT(rest, Contains(slot));
  EXPECT_TRUE(timers.empty());
  EXPECT_EQ(timers.bytes(), 0U);
}

// Sums of fractions differ in their last bits with the order in which they are added.
TEST(OverlappingWindows, Have_the_same_bits_after_a_restart_at_any_time) {
  WindowConfig config;
  config.shape = WindowShape::hopping;
  config.size = milliseconds(100);
  config.every = milliseconds(7);
  config.lateness = milliseconds(30);
  WindowConfig sliding = config;
  sliding.shape = WindowShape::sliding;
  WindowConfig count;
  count.shape = WindowShape::count;
  count.count = 40;
  count.count_every = 3;
  for (WindowConfig shape : {config, sliding, count}) {
    shape.key = "subject";
    shape.emit = {{"sum", "sum(data.v)"}, {"spread", "stddev(data.v)"}};
    auto steady = must(make_window(shape));
    auto restarting = must(make_window(shape));
    Recording out;
    std::mt19937 random(3);
    std::size_t results = 0;
    for (int block = 0; block < 300; ++block) {
      std::vector<Event*> events;
      for (int i = 0; i < 3; ++i) {
        const std::string key(1, static_cast<char>('a' + random() % 3));
        const int ms = block * 5 - static_cast<int>(random() % (random() % 9 == 0 ? 90 : 6));
        events.push_back(make_event(out.arena(), key, ms,
                                    Value::number(static_cast<double>(random() % 1000) / 7.0)));
      }
      auto fresh = must(make_window(shape));
      ASSERT_TRUE(copy_state(*restarting, *fresh, 64).is_ok());
      restarting = std::move(fresh);
      std::vector<std::string> told[2];
      for (Step* step : {steady.get(), restarting.get()}) {
        step->process(events, out);
        step->advance_watermark(at_ms(block * 5 - 5), out);
        for (const Event* result : out.take()) {
          told[step == steady.get() ? 0 : 1].push_back(to_json(result->data));
        }
      }
      ASSERT_EQ(told[0], told[1]) << "block " << block;
      results += told[0].size();
    }
    EXPECT_GT(results, 200U);
  }
}

}  // namespace
}  // namespace sluice
