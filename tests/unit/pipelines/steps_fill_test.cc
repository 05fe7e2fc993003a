#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>

#include "pipelines/steps/fill.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string text(std::string_view key, std::int64_t ms, const std::string& data) {
  return std::string(key) + " " + std::to_string(ms) + " " + data;
}
std::vector<std::string> texts(const std::vector<Event*>& events) {
  std::vector<std::string> found;
  for (const Event* event : events) {
    found.push_back(text(event->subject, ms_of(*event), to_json(event->data)));
  }
  return found;
}

FillConfig every(std::int64_t ms, FillMethod method = FillMethod::none) {
  FillConfig config;
  config.keyed.key = "subject";
  config.every = milliseconds(ms);
  config.values = {"data.v"};
  config.method = method;
  return config;
}

// Tries each multiple there is for the one that is nearest; of two the later.
std::int64_t nearest(std::int64_t ms, std::int64_t every) {
  std::int64_t best = 0;
  for (std::int64_t at = 0; at <= ms + every; at += every) {
    if (std::abs(at - ms) <= std::abs(best - ms)) best = at;
  }
  return best;
}

class Oracle {
 public:
  Oracle(std::int64_t every, std::int64_t max_gap, FillMethod method)
      : every_(every), max_gap_(max_gap), method_(method) {}

  void take(const Event& event, std::vector<std::string>& left) {
    const std::string key(event.subject);
    const Value* value = event.data.find("v");
    const std::optional<double> v =
        value->is_null() ? std::nullopt : std::optional(value->to_double());
    const std::int64_t ms = ms_of(event);
    const auto last = last_.find(key);
    if (last == last_.end() || ms > last->second.ms) {
      if (last != last_.end()) fill(key, last->second, ms, v, left);
      last_[key] = {ms, v, to_json(*value)};
    }
    left.push_back(text(key, ms, to_json(event.data)));
  }

  std::size_t made = 0;

 private:
  struct Last {
    std::int64_t ms;
    std::optional<double> v;
    std::string json;
  };

  void fill(const std::string& key, const Last& last, std::int64_t ms, std::optional<double> v,
            std::vector<std::string>& left) {
    if (ms - last.ms > max_gap_) return;
    for (std::int64_t at = 0; at < ms; at += every_) {
      if (at <= nearest(last.ms, every_) || at >= nearest(ms, every_)) continue;
      std::string json = "null";
      if (method_ == FillMethod::previous) json = last.json;
      if (method_ == FillMethod::linear && last.v && v) {
        const double share =
            (static_cast<double>(at - last.ms) / 1000) / (static_cast<double>(ms - last.ms) / 1000);
        json = to_json(Value::number(*last.v + (*v - *last.v) * share));
      }
      left.push_back(text(key, at, R"({"v":)" + json + R"(,"filled":true})"));
      ++made;
    }
  }

  const std::int64_t every_;
  const std::int64_t max_gap_;
  const FillMethod method_;
  std::map<std::string, Last> last_;
};

TEST(Fill, Agrees_with_a_look_at_every_multiple) {
  std::size_t made = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::array methods = {FillMethod::none, FillMethod::previous, FillMethod::linear};
    FillConfig config = every(7 + seed % 4 * 6, methods[seed % methods.size()]);
    config.max_gap = milliseconds(40 + seed % 5 * 30);
    StepRig rig(seed, [&] { return make_fill(config); });
    Oracle oracle(config.every / milliseconds(1), config.max_gap / milliseconds(1), config.method);
    for (int block = 0; block < 100; ++block) {
      std::vector<Event*> events;
      std::vector<std::string> expected;
      for (std::int64_t i = rig.pick(0, 2); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + rig.pick(0, 4)));
        const std::int64_t ms = 100 + block * 10 - rig.pick(0, rig.one_in(8) ? 60 : 9);
        const Value value = rig.one_in(9) ? Value::null() : Value::integer(rig.pick(-50, 50));
        events.push_back(make_event(rig.arena(), key, ms, value));
        oracle.take(*events.back(), expected);
      }
      ASSERT_EQ(texts(rig.run(std::move(events), block * 10)), expected) << "block " << block;
    }
    rig.expect_balance(0, oracle.made);
    made += oracle.made;
  }
  EXPECT_GT(made, 5000u);
}

TEST(Fill, A_filled_event_has_the_attributes_of_the_one_that_ends_the_gap) {
  FillConfig config = every(10, FillMethod::previous);
  config.values = {"data.v", "data.deep.v"};
  const auto step = must(make_fill(config));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 10, Value::string("on")),
                                make_event(out.arena(), "a", 30, Value::string("off"))};
  events[0]->type = "before";
  events[1]->type = "after";
  events[1]->has_payload = true;
  step->process(events, out);
  ASSERT_EQ(out.emitted.size(), 3u);
  const Event& filled = *out.emitted[1];
  EXPECT_EQ(filled.type, "after");
  EXPECT_FALSE(filled.has_payload);
  EXPECT_FALSE(filled.is_unchanged);
  EXPECT_EQ(to_json(filled.data), R"({"v":"on","deep":{"v":null},"filled":true})");
  EXPECT_EQ(out.emitted[2], events[1]);
}

TEST(Fill, What_cannot_lie_on_a_line_fails_and_changes_nothing) {
  const auto step = must(make_fill(every(10, FillMethod::linear)));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 0, Value::integer(0)),
                                make_event(out.arena(), "a", 10, Value::string("?")),
                                make_event(out.arena(), "a", 20, Value::integer(2)),
                                make_event(out.arena(), "b", 20, Value::string("?")),
                                make_event(out.arena(), "b", 40, Value::integer(4))};
  step->process(events, out);
  EXPECT_THAT(texts(out.take()), ElementsAre(R"(a 0 {"v":0})", R"(a 10 {"v":1,"filled":true})",
                                             R"(a 20 {"v":2})", R"(b 40 {"v":4})"));
  EXPECT_THAT(out.failed, ElementsAre(events[1], events[3]));
  EXPECT_THAT(out.reasons[0], HasSubstr("data.v: needs a finite number"));
}

TEST(Fill, Values_that_are_too_big_to_keep_fail) {
  const auto step = must(make_fill(every(10, FillMethod::previous)));
  Recording out;
  const std::string big(2000, 'x');
  std::vector<Event*> events = {make_event(out.arena(), "a", 0, Value::string(big))};
  step->process(events, out);
  EXPECT_THAT(out.failed, ElementsAre(events[0]));
}

TEST(Fill, A_time_of_a_wrong_clock_holds_back_nothing) {
  const auto step = must(make_fill(every(10)));
  Recording out;
  const std::int64_t now = 1'000'000;
  const std::int64_t ahead = 5 * 60 * 1000;
  const auto send = [&](std::int64_t ms) {
    Event* event = make_event(out.arena(), "a", ms, Value::integer(1));
    event->received = at_ms(now);
    step->process(std::span<Event* const>(&event, 1), out);
    return out.take().size();
  };
  EXPECT_EQ(send(now), 1u);
  EXPECT_EQ(send(now + ahead + 1), 1u);
  EXPECT_EQ(send(now + 10), 1u) << "the series starts anew";
  EXPECT_EQ(send(now + 30), 2u);
  EXPECT_EQ(send(now + ahead), 1u);
  EXPECT_EQ(send(now + 10), 1u) << "this is only late";
  EXPECT_EQ(send(now + 30), 1u);
  EXPECT_EQ(out.counted["long_gaps"], 2u);
}

TEST(Fill, Of_one_block_only_so_many_events_are_made) {
  FillConfig config = every(10);
  config.max_gap = config.every * FillConfig::most_events;
  const auto step = must(make_fill(config));
  Recording out;
  const std::int64_t gaps = FillConfig::most_events_of_block / (FillConfig::most_events - 1);
  const auto send = [&](std::int64_t keys, std::int64_t ms) {
    std::vector<Event*> events;
    for (std::int64_t i = 0; i < keys; ++i) {
      events.push_back(make_event(out.arena(), std::to_string(i), ms, Value::integer(1)));
    }
    step->process(events, out);
    return static_cast<std::int64_t>(out.take().size());
  };
  const std::int64_t made = gaps * (FillConfig::most_events - 1);
  send(gaps + 2, 0);
  EXPECT_EQ(send(gaps + 2, 10'000), gaps + 2 + made);
  EXPECT_EQ(out.counted["long_gaps"], 2u);
  step->advance_time(engine_ms(0), out);
  EXPECT_EQ(send(gaps, 20'000), gaps + made) << "another block";
  EXPECT_EQ(out.counted["long_gaps"], 2u);
}

TEST(Fill, Times_at_the_ends_of_the_range_do_no_harm) {
  FillConfig config = every(1);
  config.every = FillConfig::most_every;
  const auto step = must(make_fill(config));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 0, Value::integer(0)),
                                make_event(out.arena(), "a", 0, Value::integer(0))};
  events[0]->time = Timestamp::min();
  events[1]->time = Timestamp::max();
  step->process(events, out);
  EXPECT_EQ(out.emitted.size(), 2u);
  EXPECT_EQ(out.counted["long_gaps"], 1u);
}

TEST(Fill, Never_exceeds_its_memory_under_attack) {
  FillConfig config = every(10, FillMethod::previous);
  config.keyed.bounds.max_memory = std::size_t{256} << 10;
  const auto step = must(make_fill(config));
  StepRig dice(1, [&] { return make_fill(config); });
  std::size_t highest = 0;
  for (int block = 0; block < 300; ++block) {
    Recording out;
    std::vector<Event*> events;
    for (int i = 0; i < 20; ++i) {
      const std::string value(static_cast<std::size_t>(dice.pick(0, 900)), 'x');
      events.push_back(make_event(out.arena(), std::to_string(dice.pick(0, 1'000'000)), block,
                                  Value::string(out.arena().copy(value))));
    }
    if (block % 40 == 0) step->begin_snapshot();
    step->process(events, out);
    step->advance_time(engine_ms(block), out);
    std::string slice;
    step->save_slice(1000, slice);
    ASSERT_LE(step->memory_bytes(), step->memory_limit());
    highest = std::max(highest, step->memory_bytes());
    ASSERT_EQ(out.emitted.size(), events.size());
  }
  EXPECT_GE(highest, config.keyed.bounds.max_memory / 2);
  EXPECT_LE(step->memory_limit(), 4 * config.keyed.bounds.max_memory);
}

TEST(Fill, Each_wrong_option_is_told) {
  FillConfig config = every(0);
  config.values = {"data.a", "data.a.b", "temperature", "data", "data.filled"};
  EXPECT_THAT(places(make_fill(config)),
              ElementsAre("every:0", "values.1:0", "values.2:0", "values.3:0", "values.4:0"));
  config = every(10);
  config.max_gap = milliseconds(10'010);
  EXPECT_THAT(places(make_fill(config)), ElementsAre("max_gap:0"));
  config.max_gap = milliseconds(9);
  EXPECT_THAT(places(make_fill(config)), ElementsAre("max_gap:0"));
  config = every(10);
  for (int i = 0; i < 17; ++i) config.values.push_back("data.n" + std::to_string(i));
  EXPECT_THAT(places(make_fill(config)), ElementsAre("values:0"));
}

}  // namespace
}  // namespace sluice
