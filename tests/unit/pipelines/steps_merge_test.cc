#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "pipelines/steps/merge.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

MergeConfig config_of(std::int64_t within_ms, std::int64_t timeout_ms,
                      std::vector<std::string> expect = {}) {
  MergeConfig config;
  config.keyed.key = "subject";
  config.within = milliseconds(within_ms);
  config.timeout = milliseconds(timeout_ms);
  config.expect = std::move(expect);
  return config;
}

Event* part(Arena& arena, std::string_view key, std::int64_t ms, std::string_view field,
            Value value) {
  Event* event = make_event(arena, {{arena.copy(field), value}});
  event->subject = arena.copy(key);
  event->time = at_ms(ms);
  return event;
}

std::string text(const Event& event) {
  std::string out = std::string(event.subject) + " " + std::to_string(ms_of(event)) + " " +
                    to_json(event.data) + " of " + to_json(*find_extension(event, "mergecount"));
  if (const Value* complete = find_extension(event, "mergecomplete"))
    out += complete->as_bool() ? " complete" : " incomplete";
  return out;
}
std::vector<std::string> texts(const std::vector<Event*>& events) {
  std::vector<std::string> found;
  for (const Event* event : events) found.push_back(text(*event));
  return found;
}

// Wholes as lists of their parts, in the order of their first events.
class Oracle {
 public:
  Oracle(std::int64_t within, std::int64_t timeout, std::size_t expected)
      : within_(within), timeout_(timeout), expected_(expected) {}

  void take(const std::string& key, std::int64_t ms, const std::string& field, std::int64_t v) {
    auto open = std::ranges::find(open_, key, &Whole::key);
    if (open != open_.end() && std::abs(open->parts.front().ms - ms) > within_) {
      leave(*open);
      open_.erase(open);
      open = open_.end();
    }
    if (open == open_.end()) {
      open_.push_back({key, {}, 0, true});
      open = std::prev(open_.end());
    }
    open->parts.push_back({ms, field, v});
    std::map<std::string, std::int64_t> fields;
    for (const Part& each : open->parts) fields[each.field] = each.v;
    if (expected_ > 0 && fields.size() == expected_) {
      leave(*open);
      open_.erase(open);
    }
  }

  std::vector<std::string> end_block(std::int64_t now) {
    for (Whole& whole : open_) {
      if (whole.is_new) whole.came = now;
      whole.is_new = false;
    }
    while (!open_.empty() && open_.front().came + timeout_ <= now) {
      leave(open_.front());
      open_.erase(open_.begin());
    }
    return std::exchange(left_, {});
  }

  std::size_t open() const { return open_.size(); }

 private:
  struct Part {
    std::int64_t ms;
    std::string field;
    std::int64_t v;
  };
  struct Whole {
    std::string key;
    std::vector<Part> parts;
    std::int64_t came;
    bool is_new;  // in this block
  };

  void leave(const Whole& whole) {
    std::vector<std::pair<std::string, std::int64_t>> fields;
    std::int64_t ms = whole.parts.front().ms;
    for (const Part& each : whole.parts) {
      ms = std::max(ms, each.ms);
      const auto known =
          std::ranges::find(fields, each.field, &decltype(fields)::value_type::first);
      if (known == fields.end()) {
        fields.emplace_back(each.field, each.v);
      } else {
        known->second = each.v;
      }
    }
    std::string data;
    for (const auto& [name, v] : fields)
      data += (data.empty() ? "" : ",") + ("\"" + name + "\":") + std::to_string(v);
    left_.push_back(whole.key + " " + std::to_string(ms) + " {" + data + "} of " +
                    std::to_string(whole.parts.size()) +
                    (expected_ == 0               ? ""
                     : fields.size() == expected_ ? " complete"
                                                  : " incomplete"));
  }

  const std::int64_t within_;
  const std::int64_t timeout_;
  const std::size_t expected_;
  std::vector<Whole> open_;
  std::vector<std::string> left_;
};

TEST(Merge, Agrees_with_lists_of_parts) {
  std::size_t wholes = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::int64_t within = seed % 4 * 12;
    const std::int64_t timeout = 20 + seed % 3 * 30;
    const std::vector<std::string> expect =
        seed % 2 == 0 ? std::vector<std::string>{} : std::vector<std::string>{"x", "y", "z"};
    StepRig rig(seed, [&] { return make_merge(config_of(within, timeout, expect)); });
    Oracle oracle(within, timeout, expect.size());
    for (int block = 0; block < 150; ++block) {
      std::vector<Event*> events;
      for (std::int64_t i = rig.pick(0, 4); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + rig.pick(0, 3)));
        const std::string field(1, static_cast<char>('x' + rig.pick(0, 2)));
        const std::int64_t ms = block * 10 - rig.pick(0, 30);
        const std::int64_t v = rig.pick(0, 999);
        events.push_back(part(rig.arena(), key, ms, field, Value::integer(v)));
        oracle.take(key, ms, field, v);
      }
      const auto gave = texts(rig.run(std::move(events), block * 10));
      ASSERT_EQ(gave, oracle.end_block(block * 10)) << "block " << block;
      wholes += gave.size();
    }
    rig.expect_balance(oracle.open());
  }
  EXPECT_GT(wholes, 10'000u);
}

TEST(Merge, With_field_each_event_tells_one) {
  MergeConfig config = config_of(0, 50, {"t", "rh"});
  config.field = "data.n";
  config.value = "data.v";
  const auto step = must(make_merge(config));
  Recording out;
  const auto record = [&](std::string_view name, Value value) {
    Event* event = make_event(out.arena(), {{"n", Value::string(name)}, {"v", value}});
    event->subject = "s";
    event->id = "box/7";
    return event;
  };
  std::vector<Event*> events = {record("t", Value::number(21.5)), record("", Value::integer(1)),
                                record("rh", Value::integer(40))};
  const Attribute split[] = {{"splitindex", Value::integer(3)},
                             {"causationid", Value::string("pack")},
                             {"correlationid", Value::string("pack")}};
  events[0]->extensions = split;
  step->process(events, out);
  const auto emitted = out.take();
  EXPECT_THAT(texts(emitted), ElementsAre(R"(s 0 {"t":21.5,"rh":40} of 2 complete)"));
  EXPECT_EQ(find_extension(*emitted[0], "correlationid")->as_text(), "pack");
  EXPECT_EQ(find_extension(*emitted[0], "splitindex"), nullptr);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("needs a text that is not empty")));
}

TEST(Merge, The_timeout_counts_from_the_first_event_and_an_evicted_key_leaves_early) {
  MergeConfig config = config_of(1000, 50);
  config.keyed.bounds.max_keys = 1;
  const auto step = must(make_merge(config));
  Recording out;
  const auto block = [&](std::vector<Event*> events, std::int64_t now) {
    step->process(events, out);
    step->advance_time(engine_ms(now), out);
    return texts(out.take());
  };
  block({part(out.arena(), "a", 1, "x", Value::integer(1))}, 0);
  block({part(out.arena(), "a", 2, "y", Value::integer(2))}, 40);
  EXPECT_EQ(*step->next_timer(), engine_ms(50));
  EXPECT_THAT(block({}, 50), ElementsAre(R"(a 2 {"x":1,"y":2} of 2)"));
  block({part(out.arena(), "a", 1, "x", Value::integer(1))}, 60);
  EXPECT_THAT(block({part(out.arena(), "b", 1, "x", Value::integer(1))}, 70),
              ElementsAre(R"(a 1 {"x":1} of 1)"));
  EXPECT_EQ(out.counted["evicted_keys"], 1u);
}

TEST(Merge, What_is_no_object_or_would_grow_too_large_fails_and_the_rest_goes_on) {
  const auto step = must(make_merge(config_of(1000, 50)));
  Recording out;
  const std::string half(40'000, 'h');
  Event* list = make_event(out.arena(), {});
  list->subject = "a";
  list->data = Value::list({});
  std::vector<Event*> events = {part(out.arena(), "a", 1, "x", Value::string(half)), list,
                                part(out.arena(), "a", 2, "y", Value::string(half)),
                                part(out.arena(), "a", 3, "z", Value::integer(3))};
  step->process(events, out);
  step->advance_time(engine_ms(0), out);
  step->advance_time(engine_ms(50), out);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("needs an object"), HasSubstr("64 KiB")));
  const auto emitted = out.take();
  ASSERT_EQ(emitted.size(), 1u);
  EXPECT_EQ(find_extension(*emitted[0], "mergecount")->as_int(), 2);
  EXPECT_EQ(emitted[0]->data.as_map().size(), 2u);

  std::vector<MapEntry> many(1001, MapEntry{Value::string("n"), Value::null()});
  Event* wide = make_event(out.arena(), {});
  wide->data = Value::map(many);
  events = {wide};
  step->process(events, out);
  EXPECT_THAT(out.reasons.back(), HasSubstr("1000 fields"));
}

TEST(Merge, What_is_nested_too_deep_fails) {
  const auto step = must(make_merge(config_of(1000, 50)));
  Recording out;
  Value deep = Value::integer(0);
  for (int i = 0; i < max_value_depth; ++i) deep = Value::list({out.arena().make(deep), 1});
  std::vector<Event*> events = {part(out.arena(), "a", 1, "x", deep)};
  step->process(events, out);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("nested too deep")));
}

TEST(Merge, A_field_that_is_replaced_again_and_again_takes_its_room_once) {
  const auto step = must(make_merge(config_of(1000, 50)));
  Recording out;
  std::vector<Event*> events;
  for (int i = 0; i < 200; ++i) {
    const std::string text(static_cast<std::size_t>(30'000 - i), 'x');
    events.push_back(
        part(out.arena(), "a", 1, i % 2 == 0 ? "x" : "y", Value::string(out.arena().copy(text))));
  }
  step->process(events, out);
  EXPECT_LE(step->memory_bytes(), std::size_t{1} << 20);
  // A name that is twice in one part replaces what was there once.
  const std::string half(30'000, 'h');
  std::vector<MapEntry> twice = {{Value::string("x"), Value::integer(1)},
                                 {Value::string("x"), Value::string(half)},
                                 {Value::string("z"), Value::string(half)}};
  Event* over = make_event(out.arena(), {});
  over->subject = "a";
  over->data = Value::map(twice);
  step->process(std::span<Event* const>(&over, 1), out);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("64 KiB")));
  step->advance_time(engine_ms(0), out);
  step->advance_time(engine_ms(50), out);
  const auto emitted = out.take();
  ASSERT_EQ(emitted.size(), 1u);
  EXPECT_EQ(find_extension(*emitted[0], "mergecount")->as_int(), 200);
  ASSERT_EQ(emitted[0]->data.as_map().size(), 2u);
  EXPECT_EQ(emitted[0]->data.find("x")->as_text().size(), 30'000u - 198);
  EXPECT_EQ(emitted[0]->data.find("y")->as_text().size(), 30'000u - 199);
}

// As much as one message can be split into.
TEST(Merge, A_part_costs_what_it_has_and_not_what_the_whole_has) {
  const auto step = must(make_merge(config_of(1000, 50)));
  Recording out;
  std::vector<Event*> events;
  for (int i = 0; i < 16'000; ++i) {
    events.push_back(part(out.arena(), "a", 1, "field" + std::to_string(i % 1000),
                          Value::string("a value of some length")));
  }
  const auto bytes_before = out.arena().held_bytes();
  step->process(events, out);
  EXPECT_LT(out.arena().held_bytes() - bytes_before, std::size_t{16} << 20);
  EXPECT_THAT(out.reasons, ElementsAre());
  step->advance_time(engine_ms(0), out);
  step->advance_time(engine_ms(50), out);
  ASSERT_EQ(out.emitted.size(), 1u);
  EXPECT_EQ(out.emitted[0]->data.as_map().size(), 1000u);
  EXPECT_EQ(out.emitted[0]->data.as_map()[7].key.as_text(), "field7");
}

TEST(Merge, Memory_stays_within_its_limit_under_random_keys_and_large_values) {
  MergeConfig config = config_of(1000, 1'000'000);
  config.keyed.bounds.max_memory = std::size_t{1} << 20;
  const auto step = must(make_merge(config));
  std::mt19937 random(7);
  std::size_t in = 0;
  std::size_t gone = 0;
  for (int block = 0; block < 300; ++block) {
    Recording out;
    std::vector<Event*> events;
    for (int i = 0; i < 20; ++i) {
      const std::string value(random() % 30'000, 'x');
      events.push_back(part(out.arena(), std::to_string(random() % 500), block,
                            std::to_string(random() % 4), Value::string(out.arena().copy(value))));
    }
    if (block % 10 == 0) step->begin_snapshot();
    step->process(events, out);
    in += events.size();
    gone += out.emitted.size() + out.failed.size();
    for (const auto& [reason, count] : out.dropped) gone += count;
    ASSERT_LE(step->memory_bytes(), step->memory_limit());
  }
  Recording out;
  step->advance_time(engine_ms(0), out);
  step->advance_time(engine_ms(2'000'000), out);
  EXPECT_EQ(in, gone + out.emitted.size());
}

TEST(Merge, Each_wrong_option_is_told) {
  MergeConfig config = config_of(-1, 0, {"a", "a", ""});
  config.field = "data.x +";
  EXPECT_THAT(places(make_merge(config)), ElementsAre(::testing::StartsWith("field:"), "within:0",
                                                      "timeout:0", "expect:0", "expect:0"));
}

}  // namespace
}  // namespace sluice
