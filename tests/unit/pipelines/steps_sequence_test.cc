#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <tuple>

#include "pipelines/steps/sequence.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

SequenceConfig pattern(std::vector<SequenceStep> steps, std::int64_t within_ms) {
  SequenceConfig config;
  config.keyed.key = "subject";
  config.steps = std::move(steps);
  config.within = milliseconds(within_ms);
  return config;
}

// "k 70: a=1@20 b=2@70": the key, the time, and value and time of each event.
std::vector<std::string> texts(const std::vector<Event*>& events) {
  std::vector<std::string> found;
  for (const Event* event : events) {
    std::string text = std::string(event->subject) + " " + std::to_string(ms_of(*event)) + ":";
    for (const MapEntry& step : event->data.as_map()) {
      const auto time = to_timestamp(*step.value.find("time")).time_since_epoch();
      text += " " + std::string(step.key.as_text()) + "=" +
              to_json(*step.value.find("data")->find("v")) + "@" +
              std::to_string(time / milliseconds(1));
    }
    found.push_back(text);
  }
  return found;
}

// A sequence as it is meant: for each event that can begin a match the whole history behind it is
// walked through, again for each question.
class Oracle {
 public:
  struct Condition {
    std::function<bool(std::int64_t)> when;
    std::function<bool(std::int64_t)> without;
  };
  using Compare = std::function<bool(std::int64_t first, std::int64_t last)>;

  Oracle(std::vector<Condition> steps, std::int64_t within, bool skips, Compare where)
      : steps_(std::move(steps)), within_(within), skips_(skips), where_(std::move(where)) {}

  // The matches that this event ends.
  void take(const Event& event, std::vector<std::string>& left) {
    events_.push_back({std::string(event.subject), value_of(event), ms_of(event), block_, false});
    for (std::size_t start = 0; start < events_.size(); ++start) {
      const Walk walk = walk_from(start);
      if (walk.taken.size() < steps_.size() || walk.taken.back() + 1 != events_.size()) continue;
      left.push_back(text(walk, events_.back().ms));
      if (!skips_) continue;
      for (Seen& seen : events_) {
        if (seen.key == event.subject) seen.is_spent = true;
      }
    }
  }

  // The matches that can no longer end.
  std::vector<std::string> end_block(std::int64_t watermark) {
    std::vector<std::tuple<std::int64_t, std::size_t, std::string>> due;
    for (std::size_t start = 0; start < events_.size(); ++start) {
      const std::int64_t deadline = events_[start].ms + within_;
      const Walk walk = walk_from(start);
      if (walk.taken.empty() || walk.is_broken || walk.taken.size() == steps_.size()) continue;
      if (deadline < watermark) due.emplace_back(deadline, start, text(walk, deadline));
    }
    watermarks_.push_back(watermark);
    ++block_;
    std::ranges::sort(due);
    std::vector<std::string> left;
    for (const auto& [deadline, start, text] : due) left.push_back(text);
    return left;
  }

 private:
  struct Seen {
    std::string key;
    std::int64_t v;
    std::int64_t ms;
    std::size_t block;
    bool is_spent;  // can begin no match any more
  };
  struct Walk {
    std::vector<std::size_t> taken;
    bool is_broken = false;  // by `not`, or it was told as timed out
  };

  Walk walk_from(std::size_t start) const {
    Walk walk;
    const Seen& first = events_[start];
    if (first.is_spent || !steps_[0].when(first.v)) return walk;
    walk.taken.push_back(start);
    for (std::size_t i = start + 1; i < events_.size() && !walk.is_broken; ++i) {
      const Seen& next = events_[i];
      if (walk.taken.size() == steps_.size()) break;
      if (is_over(first, next.block)) break;
      const Condition& step = steps_[walk.taken.size()];
      const bool is_looked_at = next.key == first.key && next.ms <= first.ms + within_ &&
                                next.ms >= events_[walk.taken.back()].ms;
      if (!is_looked_at) continue;
      if (step.without(next.v)) {
        walk.is_broken = true;
      } else if (step.when(next.v)) {
        const bool is_last = walk.taken.size() + 1 == steps_.size();
        if (!is_last || where_(first.v, next.v)) walk.taken.push_back(i);
      }
    }
    if (walk.taken.size() < steps_.size() && is_over(first, block_)) walk.is_broken = true;
    return walk;
  }

  // Whether a match that began there was told as timed out before that block.
  bool is_over(const Seen& first, std::size_t block) const {
    for (std::size_t i = first.block; i < block; ++i) {
      if (first.ms + within_ < watermarks_[i]) return true;
    }
    return false;
  }

  std::string text(const Walk& walk, std::int64_t ms) const {
    std::string text = events_[walk.taken[0]].key + " " + std::to_string(ms) + ":";
    for (std::size_t i = 0; i < walk.taken.size(); ++i) {
      const Seen& seen = events_[walk.taken[i]];
      text += " " + std::string(1, static_cast<char>('a' + i)) + "=" + std::to_string(seen.v) +
              "@" + std::to_string(seen.ms);
    }
    return text;
  }

  const std::vector<Condition> steps_;
  const std::int64_t within_;
  const bool skips_;
  const Compare where_;
  std::vector<Seen> events_;
  std::vector<std::int64_t> watermarks_;  // by block
  std::size_t block_ = 0;
};

struct Tested {
  SequenceConfig config;
  std::vector<Oracle::Condition> conditions;
  Oracle::Compare where = [](std::int64_t, std::int64_t) { return true; };
};

Tested tested(unsigned seed) {
  const auto is = [](std::int64_t wanted) {
    return [wanted](std::int64_t v) { return v == wanted; };
  };
  const auto up_to = [](std::int64_t highest) {
    return [highest](std::int64_t v) { return v <= highest; };
  };
  const auto never = [](std::int64_t) { return false; };
  Tested found;
  switch (seed % 4) {
    case 0:
      found.config = pattern({{"a", "data.v == 1", ""}, {"b", "data.v == 2", ""}}, 40);
      found.conditions = {{is(1), never}, {is(2), never}};
      break;
    case 1:  // an event can be several steps
      found.config = pattern({{"a", "data.v <= 2", ""},
                              {"b", "data.v <= 3", "data.v == 0"},
                              {"c", "data.v == 2", "data.v == 4"}},
                             50);
      found.conditions = {{up_to(2), never}, {up_to(3), is(0)}, {is(2), is(4)}};
      break;
    case 2:
      found.config = pattern({{"a", "data.v == 1", ""},
                              {"b", "data.v == 2", "data.v == 3"},
                              {"c", "data.v == 1", "data.v == 4"}},
                             90);
      found.conditions = {{is(1), never}, {is(2), is(3)}, {is(1), is(4)}};
      break;
    case 3:
      found.config = pattern({{"a", "data.v <= 3", ""}, {"b", "data.v <= 4", ""}}, 40);
      found.config.where = "data.b.data.v > data.a.data.v";
      found.conditions = {{up_to(3), never}, {up_to(4), never}};
      found.where = [](std::int64_t a, std::int64_t b) { return b > a; };
      break;
  }
  found.config.max_matches = SequenceConfig::most_matches;
  if (seed % 8 >= 4) found.config.after_match = AfterMatch::no_skip;
  return found;
}

TEST(Sequence, Agrees_with_a_walk_through_the_whole_history) {
  std::size_t matches = 0;
  std::size_t timeouts = 0;
  for (unsigned seed = 0; seed < 160; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Tested test = tested(seed);
    StepRig rig(seed, [&] { return make_sequence(test.config); });
    Oracle oracle(test.conditions, test.config.within / milliseconds(1),
                  test.config.after_match == AfterMatch::skip_past_last, test.where);
    std::size_t made = 0;
    for (int block = 0; block < 80; ++block) {
      std::vector<Event*> events;
      std::vector<std::string> expected;
      for (std::int64_t i = rig.pick(0, 4); i > 0; --i) {
        const std::string key(1, static_cast<char>('k' + rig.pick(0, 2)));
        const std::int64_t ms = 100 + block * 10 - rig.pick(0, rig.one_in(4) ? 50 : 5);
        events.push_back(make_event(rig.arena(), key, ms, Value::integer(rig.pick(0, 5))));
        oracle.take(*events.back(), expected);
      }
      const std::int64_t watermark = 70 + block * 10;
      const auto timed_out = oracle.end_block(watermark);
      const std::size_t told = rig.out().named.contains(0) ? rig.out().named.at(0).size() : 0;
      const auto left = texts(rig.run(std::move(events), block * 10, watermark));
      ASSERT_EQ(left, expected) << "block " << block;
      const auto all = rig.out().named.contains(0) ? rig.out().named.at(0) : std::vector<Event*>{};
      ASSERT_EQ(texts({all.begin() + static_cast<std::ptrdiff_t>(told), all.end()}), timed_out)
          << "block " << block;
      made += left.size() + timed_out.size();
      matches += left.size();
      timeouts += timed_out.size();
    }
    rig.expect_balance(0, made);
  }
  EXPECT_GT(matches, 2000u);
  EXPECT_GT(timeouts, 2000u);
}

// A step that is told what comes at once, and what came out of it.
class SequenceScript : public ::testing::Test {
 protected:
  std::vector<std::string> send(Step& step, std::int64_t ms, const Value& v) {
    Event* event = make_event(out_.arena(), "k", ms, v);
    step.process(std::span<Event* const>(&event, 1), out_);
    return texts(out_.take());
  }
  std::vector<std::string> send(Step& step, std::int64_t ms, std::int64_t v) {
    return send(step, ms, Value::integer(v));
  }
  Recording out_;
};

SequenceConfig one_then_two() {
  return pattern({{"a", "data.v == 1", ""}, {"b", "data.v == 2", ""}}, 100);
}

TEST_F(SequenceScript, An_event_is_in_one_match_or_in_one_for_each_that_can_begin_it) {
  SequenceConfig config = one_then_two();
  const auto step = must(make_sequence(config));
  send(*step, 10, 1);
  send(*step, 20, 1);
  EXPECT_THAT(send(*step, 30, 2), ElementsAre("k 30: a=1@10 b=2@30"));
  EXPECT_THAT(send(*step, 40, 2), ElementsAre());
  config.after_match = AfterMatch::no_skip;
  const auto other = must(make_sequence(config));
  send(*other, 10, 1);
  send(*other, 20, 1);
  EXPECT_THAT(send(*other, 30, 2), ElementsAre("k 30: a=1@10 b=2@30", "k 30: a=1@20 b=2@30"));
}

TEST_F(SequenceScript, Both_ends_of_the_time_belong_to_it_and_it_is_over_one_tick_later) {
  const auto step = must(make_sequence(one_then_two()));
  send(*step, 10, 1);
  EXPECT_EQ(*step->next_watermark(), at_ms(110) + Duration{1});
  step->advance_watermark(at_ms(110), out_);
  EXPECT_TRUE(out_.named[0].empty());
  EXPECT_THAT(send(*step, 110, 2), ElementsAre("k 110: a=1@10 b=2@110"));
  EXPECT_FALSE(step->next_watermark().has_value());
  send(*step, 10, 1);
  EXPECT_THAT(send(*step, 111, 2), ElementsAre());
  step->advance_watermark(at_ms(111), out_);
  EXPECT_THAT(texts(out_.named[0]), ElementsAre("k 110: a=1@10"));
  EXPECT_EQ(out_.counted["timeouts"], 1u);
}

TEST_F(SequenceScript, Emitted_fields_are_expressions_over_the_result) {
  SequenceConfig config = one_then_two();
  config.emit = {{"took", "data.b.time - data.a.time"}, {"sum", "data.a.data.v + data.b.data.v"}};
  const auto step = must(make_sequence(config));
  send(*step, 10, 1);
  Event* last = make_event(out_.arena(), "k", 35, Value::integer(2));
  step->process(std::span<Event* const>(&last, 1), out_);
  ASSERT_EQ(out_.emitted.size(), 1u);
  EXPECT_EQ(to_json(out_.emitted[0]->data), R"({"took":"0.025s","sum":3})");
  EXPECT_EQ(out_.emitted[0]->type, "sluice.sequence");
  EXPECT_EQ(out_.emitted[0]->time, at_ms(35));
}

TEST_F(SequenceScript, What_cannot_be_decided_fails_and_changes_nothing) {
  SequenceConfig config = one_then_two();
  config.steps[1].when = "data.v > 1";
  config.emit = {{"x", "data.b.data.missing"}};
  const auto step = must(make_sequence(config));
  send(*step, 10, 1);
  send(*step, 20, Value::string("?"));
  ASSERT_EQ(out_.failed.size(), 1u);
  EXPECT_THAT(out_.reasons[0], HasSubstr("b.when: "));
  send(*step, 30, 2);
  ASSERT_EQ(out_.failed.size(), 2u);
  EXPECT_THAT(out_.reasons[1], HasSubstr("emit.x: "));
  EXPECT_THAT(texts({out_.failed[1]}), ElementsAre("k 30: a=1@10 b=2@30"));
  EXPECT_FALSE(step->next_watermark().has_value()) << "the match is over";
}

TEST_F(SequenceScript, Of_too_many_open_matches_the_oldest_goes) {
  SequenceConfig config = one_then_two();
  config.max_matches = 2;
  config.after_match = AfterMatch::no_skip;
  const auto step = must(make_sequence(config));
  for (const std::int64_t ms : {10, 20, 30}) send(*step, ms, 1);
  EXPECT_EQ(out_.counted["full_matches"], 1u);
  EXPECT_THAT(send(*step, 40, 2), ElementsAre("k 40: a=1@20 b=2@40", "k 40: a=1@30 b=2@40"));
}

TEST_F(SequenceScript, Events_that_begin_nothing_push_out_no_key) {
  SequenceConfig config = one_then_two();
  config.keyed.bounds.max_keys = 1;
  const auto step = must(make_sequence(config));
  send(*step, 10, 1);
  Event* other = make_event(out_.arena(), "x", 20, Value::integer(2));
  step->process(std::span<Event* const>(&other, 1), out_);
  EXPECT_THAT(send(*step, 30, 2), ElementsAre("k 30: a=1@10 b=2@30"));
  EXPECT_EQ(out_.dropped["no_match"], 1u);
  EXPECT_EQ(out_.dropped["taken"], 2u);
}

TEST_F(SequenceScript, A_match_that_fails_ends_no_other) {
  for (const bool where_fails : {true, false}) {
    SequenceConfig config = one_then_two();
    config.steps[0].when = "has(data.v) && data.v != 2";
    if (where_fails) {
      config.where = "data.a.data.v < 9";  // not of a text
    } else {
      config.emit = {{"a", "{'time': data.a.time, 'data': {'v': data.a.data.v + 0}}"}};
    }
    const auto step = must(make_sequence(config));
    const std::size_t failed = out_.failed.size();
    send(*step, 10, Value::string("?"));
    send(*step, 20, 1);
    EXPECT_EQ(send(*step, 30, 2).size(), 1u);
    EXPECT_EQ(out_.failed.size(), failed + 1);
    EXPECT_FALSE(step->next_watermark().has_value()) << "both are over";
  }
}

// A list in a list, and so on.
Value nested(Arena& arena, int depth) {
  Value value = Value::integer(0);
  for (int i = 0; i < depth; ++i) value = Value::list({arena.make(value), 1});
  return value;
}

TEST_F(SequenceScript, What_cannot_be_kept_ends_matches_that_it_must_not_come_in) {
  const Value huge = Value::string(out_.arena().copy(std::string(70'000, 'x')));
  for (const Value& value : {huge, nested(out_.arena(), max_value_depth + 1)}) {
    SequenceConfig config = one_then_two();
    config.steps[0].when = "data.v != 2";
    config.steps[1].without = "data.v != 1 && data.v != 2";
    const auto step = must(make_sequence(config));
    const std::size_t failed = out_.failed.size();
    send(*step, 5, value);
    EXPECT_FALSE(step->next_watermark().has_value()) << "it began nothing";
    send(*step, 10, 1);
    send(*step, 20, value);
    EXPECT_EQ(out_.failed.size(), failed + 2);
    EXPECT_THAT(out_.reasons.back(), ::testing::AnyOf(HasSubstr("64 KiB"), HasSubstr("too deep")));
    EXPECT_FALSE(step->next_watermark().has_value());
    EXPECT_THAT(send(*step, 30, 2), ElementsAre());
    // As `not` alone its size does not matter.
    config.steps[0].when = "data.v == 1";
    const auto other = must(make_sequence(config));
    send(*other, 10, 1);
    send(*other, 20, value);
    EXPECT_EQ(out_.failed.size(), failed + 2);
    EXPECT_FALSE(other->next_watermark().has_value());
  }
}

TEST(Sequence, Goes_on_after_a_state_of_many_slices) {
  constexpr int keys = 8'000;
  const auto step = must(make_sequence(one_then_two()));
  Recording out;
  std::vector<Event*> events;
  for (int i = 0; i < keys; ++i) {
    events.push_back(make_event(out.arena(), std::to_string(i), i, Value::integer(1)));
  }
  step->process(events, out);
  const auto restored = must(make_sequence(one_then_two()));
  ASSERT_TRUE(copy_state(*step, *restored, 1).is_ok());
  restored->advance_watermark(at_ms(2'601), out);
  EXPECT_EQ(out.counted["timeouts"], 2'501u);
  Event* last = make_event(out.arena(), "7999", keys, Value::integer(2));
  restored->process(std::span<Event* const>(&last, 1), out);
  EXPECT_THAT(texts(out.take()), ElementsAre("7999 8000: a=1@7999 b=2@8000"));
}

// As many as one message can be split into, and each looks at all that is open.
TEST(Sequence, What_where_passes_over_does_not_stay_in_memory) {
  SequenceConfig config = one_then_two();
  config.steps[0].when = "data.v != 2";
  config.where = "data.a.data.v == 'never'";
  const auto step = must(make_sequence(config));
  Recording out;
  const std::string large(60'000, 'x');
  std::vector<Event*> events = {make_event(out.arena(), "k", 1, Value::string(large))};
  for (int i = 0; i < 2'000; ++i) {
    events.push_back(make_event(out.arena(), "k", 2, Value::integer(2)));
  }
  step->process(events, out);
  EXPECT_EQ(out.dropped["no_match"], 2'000u);
  EXPECT_LT(out.arena().held_bytes(), std::size_t{16} << 20);
}

TEST(Sequence, A_match_that_another_slice_has_is_refused) {
  const auto first = must(make_sequence(one_then_two()));
  const auto second = must(make_sequence(one_then_two()));
  const auto restored = must(make_sequence(one_then_two()));
  Recording out;
  Event* events[] = {make_event(out.arena(), "k", 20, Value::integer(1)),
                     make_event(out.arena(), "x", 20, Value::integer(1))};
  first->process(std::span<Event* const>(&events[0], 1), out);
  second->process(std::span<Event* const>(&events[1], 1), out);
  EXPECT_TRUE(copy_state(*first, *restored).is_ok());
  EXPECT_FALSE(copy_state(*second, *restored).is_ok()) << "both have the number 0";
}

TEST(Sequence, Never_exceeds_its_memory_under_attack) {
  SequenceConfig config = pattern({{"a", "true", ""}, {"b", "data.v == 1", ""}}, 1'000'000);
  config.max_matches = SequenceConfig::most_matches;
  config.keyed.bounds.max_memory = std::size_t{512} << 10;
  for (const std::int64_t keys : {3, 1'000'000}) {
    const auto step = must(make_sequence(config));
    StepRig dice(1, [&] { return make_sequence(config); });
    std::size_t highest = 0;
    for (int block = 0; block < 300; ++block) {
      Recording out;
      std::vector<Event*> events;
      for (int i = 0; i < 20; ++i) {
        const std::string value(static_cast<std::size_t>(dice.pick(0, i == 0 ? 65'000 : 300)), 'x');
        events.push_back(make_event(out.arena(), std::to_string(dice.pick(0, keys)), block,
                                    Value::string(out.arena().copy(value))));
      }
      if (block % 40 == 0) step->begin_snapshot();
      step->process(events, out);
      step->advance_watermark(at_ms(block - 5), out);
      std::string slice;
      step->save_slice(1000, slice);
      ASSERT_LE(step->memory_bytes(), step->memory_limit());
      highest = std::max(highest, step->memory_bytes());
      ASSERT_EQ(out.dropped["taken"] + out.dropped["no_match"] + out.failed.size(), events.size());
    }
    EXPECT_GE(highest, std::size_t{128} << 10) << keys;
  }
}

TEST(Sequence, Damaged_state_is_refused) {
  const auto step = must(make_sequence(one_then_two()));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "k", 20, Value::integer(1))};
  step->process(events, out);
  step->begin_snapshot();
  std::string slice;
  ASSERT_TRUE(step->save_slice(1 << 16, slice));
  EXPECT_TRUE(must(make_sequence(one_then_two()))->load_slice(slice).is_ok());
  for (std::size_t size = 2; size < slice.size(); ++size) {
    EXPECT_FALSE(must(make_sequence(one_then_two()))->load_slice(slice.substr(0, size)).is_ok());
  }
}

TEST(Sequence, Each_wrong_option_is_told) {
  SequenceConfig config =
      pattern({{"a b", "true", "false"}, {"b", "data.v +", ""}, {"b", "1", "true"}}, 0);
  config.where = "data.b";
  config.emit = {{"x", "("}};
  config.max_matches = 65;
  EXPECT_THAT(places(make_sequence(config)),
              ElementsAre("steps.0.name:0", "steps.0.not:0", ::testing::StartsWith("steps.1.when:"),
                          "steps.2.name:0", "steps.2.when:0", ::testing::StartsWith("emit.x:"),
                          "within:0", "max_matches:0"));
  EXPECT_THAT(places(make_sequence(pattern({{"a", "true", ""}}, 1))), ElementsAre("steps:0"));
}

}  // namespace
}  // namespace sluice
