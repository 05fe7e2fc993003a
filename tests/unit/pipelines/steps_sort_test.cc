#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "pipelines/graph.h"
#include "pipelines/steps/sort.h"
#include "pipelines/windows/window.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

std::string text(const Event& event) {
  return std::string(event.subject) + " " + std::to_string(ms_of(event)) + " " +
         to_json(event.data);
}
std::vector<std::string> texts(const std::vector<Event*>& events) {
  std::vector<std::string> found;
  for (const Event* event : events) found.push_back(text(*event));
  return found;
}

// Keeps what waits in a plain list, and looks through all of it each time.
class Oracle {
 public:
  Oracle(std::size_t max_events, std::int64_t max_wait)
      : max_events_(max_events), max_wait_(max_wait) {}

  void take(const Event& event) {
    if (ms_of(event) < floor_) {
      late.push_back(text(event));
    } else {
      held_.push_back({ms_of(event), text(event), -1});
    }
  }

  // Ends the block; what left in it.
  std::vector<std::string> end_block(std::optional<std::int64_t> watermark, std::int64_t now) {
    std::ranges::stable_sort(held_, {}, &Held::time);  // those of one time lie as they came
    std::vector<std::string> left;
    const auto first_leaves = [&] {
      floor_ = std::max(floor_, held_.front().time);
      left.push_back(held_.front().text);
      held_.erase(held_.begin());
    };
    while (watermark && !held_.empty() && held_.front().time <= *watermark) first_leaves();
    if (watermark) floor_ = std::max(floor_, *watermark);
    while (held_.size() > max_events_) first_leaves();
    for (Held& held : held_) {
      if (held.came < 0) held.came = now;
    }
    const auto is_overdue = [&](const Held& held) { return held.came + max_wait_ <= now; };
    while (max_wait_ > 0 && std::ranges::any_of(held_, is_overdue)) first_leaves();
    return left;
  }

  std::size_t held() const { return held_.size(); }
  std::optional<std::int64_t> first() const {
    if (held_.empty()) return std::nullopt;
    return held_.front().time;
  }
  std::optional<std::int64_t> timer() const {
    if (held_.empty() || max_wait_ == 0) return std::nullopt;
    return std::ranges::min(held_, {}, &Held::came).came + max_wait_;
  }

  std::vector<std::string> late;

 private:
  struct Held {
    std::int64_t time;
    std::string text;
    std::int64_t came;  // -1: in the block under way
  };
  const std::size_t max_events_;
  const std::int64_t max_wait_;
  std::vector<Held> held_;
  std::int64_t floor_ = INT64_MIN;
};

TEST(Sort, Agrees_with_a_list_that_is_sorted_again_and_again) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SortConfig config;
    config.max_events = seed % 3 == 0 ? 5 : 1000;
    config.max_wait = milliseconds(seed % 4 == 1 ? 45 : 0);
    StepRig rig(seed, [&] { return make_sort(config); });
    Oracle oracle(config.max_events, config.max_wait / milliseconds(1));
    std::int64_t newest = 0;
    std::int64_t last_left = 0;
    for (int block = 0; block < 150; ++block) {
      std::vector<Event*> events;
      for (std::int64_t i = rig.pick(0, 6); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + rig.pick(0, 4)));
        const std::int64_t ms = 100 + block * 10 - rig.pick(0, rig.one_in(8) ? 90 : 30);
        events.push_back(make_event(rig.arena(), key, ms, Value::integer(rig.pick(0, 999))));
        newest = std::max(newest, ms);
        oracle.take(*events.back());
      }
      const auto watermark = block < 3
                                 ? std::nullopt
                                 : std::optional(newest - static_cast<std::int64_t>(seed % 5) * 8);
      const auto left = rig.run(std::move(events), block * 10, watermark);
      ASSERT_EQ(texts(left), oracle.end_block(watermark, block * 10)) << "block " << block;
      for (const Event* event : left) {
        ASSERT_GE(ms_of(*event), last_left) << "time went back";
        last_left = ms_of(*event);
      }
      const auto next = rig.step().next_watermark();
      ASSERT_EQ(next ? std::optional(next->time_since_epoch() / milliseconds(1)) : std::nullopt,
                oracle.first());
      const auto timer = rig.step().next_timer();
      ASSERT_EQ(timer ? std::optional((*timer - EngineTime{}) / milliseconds(1)) : std::nullopt,
                oracle.timer());
    }
    ASSERT_EQ(rig.out().named.contains(0) ? texts(rig.out().named.at(0)) : texts({}), oracle.late);
    rig.expect_balance(oracle.held());
  }
}

// What is as it came goes upstream in the order in which it came.
TEST(Sort, What_leaves_is_the_pipelines_own_whether_it_waited_or_not) {
  const auto step = must(make_sort({}));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 20, Value::integer(1)),
                                make_event(out.arena(), "b", 10, Value::integer(2))};
  for (Event* event : events) event->has_payload = true;
  step->process(events, out);
  step->advance_watermark(at_ms(10), out);
  step->advance_time(engine_ms(0), out);
  step->advance_watermark(at_ms(20), out);
  EXPECT_THAT(texts(out.emitted), ElementsAre(R"(b 10 {"v":2})", R"(a 20 {"v":1})"));
  for (const Event* event : out.emitted) {
    EXPECT_FALSE(event->is_unchanged);
    EXPECT_FALSE(event->has_payload);
  }
  EXPECT_TRUE(events[1]->is_unchanged) << "it may be on another way too";
}

TEST(Sort, An_event_that_is_too_big_to_wait_fails_but_passes_in_time) {
  const auto step = must(make_sort({}));
  Recording out;
  const std::string big(100'000, 'x');
  std::vector<Event*> events = {make_event(out.arena(), "a", 10, Value::string(big)),
                                make_event(out.arena(), "a", 20, Value::string(big))};
  step->process(events, out);
  step->advance_watermark(at_ms(10), out);
  step->advance_time(engine_ms(0), out);
  EXPECT_THAT(texts(out.take()), ElementsAre(text(*events[0])));
  EXPECT_THAT(out.failed, ElementsAre(events[1]));
  EXPECT_FALSE(step->next_watermark().has_value());
}

TEST(Sort, Never_exceeds_its_memory_under_attack_and_loses_nothing) {
  SortConfig config;
  config.max_memory = std::size_t{256} << 10;
  const auto step = must(make_sort(config));
  StepRig dice(1, [&] { return make_sort(config); });
  std::size_t in = 0;
  std::size_t left = 0;
  std::size_t highest = 0;
  for (int block = 0; block < 200; ++block) {
    Recording out;
    std::vector<Event*> events;
    for (int i = 0; i < 20; ++i) {
      const std::string value(static_cast<std::size_t>(dice.pick(0, block < 100 ? 60'000 : 40)),
                              'x');
      events.push_back(make_event(out.arena(), "a", dice.pick(0, 1'000'000),
                                  Value::string(out.arena().copy(value))));
    }
    in += events.size();
    if (block % 40 == 0) step->begin_snapshot();
    step->process(events, out);
    step->advance_time(engine_ms(block), out);
    std::string slice;
    step->save_slice(1000, slice);
    ASSERT_LE(step->memory_bytes(), step->memory_limit());
    highest = std::max(highest, step->memory_bytes());
    left += out.emitted.size() + out.named[0].size();
  }
  Recording out;
  step->advance_watermark(at_ms(1'000'000), out);
  EXPECT_EQ(left + out.emitted.size(), in);
  EXPECT_GE(highest, config.max_memory / 10 * 9) << "the attack did not come near the limit";
  EXPECT_LE(step->memory_limit(), 3 * config.max_memory);
}

TEST(Sort, Damaged_state_is_refused) {
  const auto step = must(make_sort({}));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 20, Value::integer(1))};
  step->process(events, out);
  step->advance_time(engine_ms(0), out);
  step->begin_snapshot();
  std::string slice;
  ASSERT_TRUE(step->save_slice(1 << 16, slice));
  EXPECT_TRUE(must(make_sort({}))->load_slice(slice).is_ok());
  std::string nothing;
  must(make_sort({}))->save_slice(1, nothing);
  const std::size_t header = nothing.size();
  for (std::size_t size = 0; size < slice.size(); ++size) {
    if (size == header) continue;  // no event waits: that is a state
    EXPECT_FALSE(must(make_sort({}))->load_slice(slice.substr(0, size)).is_ok()) << size;
  }
  slice[0] = 9;
  EXPECT_FALSE(must(make_sort({}))->load_slice(slice).is_ok());
}

TEST(Sort, Each_wrong_option_is_told) {
  EXPECT_THAT(places(make_sort({0, 1000, milliseconds(-1)})),
              ElementsAre("max_events:0", "max_memory:0", "max_wait:0"));
}

// "raw" windows what comes, "sums" windows what "sorted" gives. Both must give the same in the same
// block: behind a sort no more is late, and no window waits for longer.
class SortedGraph : public ::testing::Test {
 protected:
  void SetUp() override {
    GraphSetup setup;
    setup.gateway = "box";
    setup.store_id = "s";
    WatermarkConfig watermark;
    watermark.out_of_order = milliseconds(30);
    setup.sources = {{"floor", watermark}};
    setup.pipelines.push_back({"raw", {"floor"}, {"raw"}, 4, {}});
    setup.pipelines.push_back({"sorted", {"floor"}, {}, 4, {}});
    setup.pipelines.push_back({"sums", {"sorted"}, {"sums"}, 4, {}});
    setup.pipelines.push_back({"late", {"raw.late"}, {"late"}, 4, {}});
    setup.pipelines.push_back({"behind", {"sorted.late"}, {"behind"}, 4, {}});
    setup.pipelines.push_back({"never", {"sums.late"}, {"never"}, 4, {}});
    setup.pipelines[0].steps.push_back(window());
    setup.pipelines[1].steps.push_back(
        {"sort", "sort#1", 1, OnError::dead_letter, must(make_sort({}))});
    setup.pipelines[2].steps.push_back(window());
    auto built = Graph::build(std::move(setup));
    ASSERT_TRUE(built.is_ok());
    graph_ = std::move(*built);
  }

  static StepSetup window() {
    WindowConfig config;
    config.size = milliseconds(50);
    config.key = "subject";
    config.late_by_event = true;
    config.emit = {{"n", "count()"}, {"sum", "sum(data.v)"}};
    return {"window", "window#1", 1, OnError::dead_letter, must(make_window(config))};
  }

  std::vector<std::string> given(const GraphOutput& out, std::string_view sink) const {
    for (std::size_t i = 0; i < graph_->targets().size(); ++i) {
      if (graph_->targets()[i].sink == sink) return texts(out.targets[i]);
    }
    ADD_FAILURE() << sink;
    return {};
  }

  std::unique_ptr<Graph> graph_;
};

TEST_F(SortedGraph, Windows_behind_a_sort_give_what_they_give_before_it) {
  StepRig dice(7, [] { return make_sort({}); });
  std::size_t results = 0;
  std::size_t late = 0;
  for (int block = 0; block < 400; ++block) {
    Arena arena;
    std::vector<Event*> events;
    for (std::int64_t i = dice.pick(0, 6); i > 0; --i) {
      const std::string key(1, static_cast<char>('a' + dice.pick(0, 2)));
      const std::int64_t ms = 1000 + block * 10 - dice.pick(0, dice.one_in(10) ? 90 : 30);
      events.push_back(make_event(arena, key, ms, Value::integer(dice.pick(0, 9))));
      events.back()->source_index = 0;
      events.back()->received = events.back()->time;
    }
    BlockTime time;
    time.now = engine_ms(block);
    GraphOutput out;
    graph_->process(events, time, arena, out);
    ASSERT_EQ(given(out, "sums"), given(out, "raw")) << "block " << block;
    ASSERT_EQ(given(out, "behind"), given(out, "late")) << "block " << block;
    ASSERT_THAT(given(out, "never"), ElementsAre());
    results += given(out, "sums").size();
    late += given(out, "behind").size();
  }
  EXPECT_GT(results, 50u);
  EXPECT_GT(late, 5u);
}

}  // namespace
}  // namespace sluice
