#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "pipelines/steps/absence.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

// "a absent at 60, last 10"
std::string text(std::string_view key, std::string_view state, std::int64_t ms,
                 std::optional<std::int64_t> last) {
  return std::string(key) + " " + std::string(state) + " at " + std::to_string(ms) + ", last " +
         (last ? std::to_string(*last) : "never");
}
std::vector<std::string> texts(const std::vector<Event*>& events) {
  std::vector<std::string> found;
  for (const Event* event : events) {
    const Value& last = *event->data.find("last_seen");
    const auto last_ms =
        last.is_null() ? std::nullopt
                       : std::optional(to_timestamp(last).time_since_epoch() / milliseconds(1));
    const Value& silent = *event->data.find("silent_s");
    EXPECT_EQ(silent.is_null(), last.is_null());
    if (last_ms) {
      EXPECT_EQ(silent.as_double(), static_cast<double>(ms_of(*event) - *last_ms) / 1000);
    }
    found.push_back(
        text(event->subject, event->data.find("state")->as_text(), ms_of(*event), last_ms));
  }
  return found;
}

Event* received(Arena& arena, std::string_view key, std::int64_t ms) {
  Event* event = make_event(arena, key, 5, Value::null());
  event->received = at_ms(ms);
  return event;
}

AbsenceConfig after(std::int64_t ms, std::vector<std::string> expect = {}) {
  AbsenceConfig config;
  config.keyed.key = "subject";
  config.after = milliseconds(ms);
  config.expect = std::move(expect);
  return config;
}

// Looks at all keys at the end of each block.
class Oracle {
 public:
  explicit Oracle(const AbsenceConfig& config)
      : after_(config.after / milliseconds(1)),
        forget_after_(config.keyed.bounds.forget_after / milliseconds(1)),
        max_keys_(config.keyed.bounds.max_keys) {
    for (const std::string& key : config.expect) keys_.push_back({key, {}, now_unknown, false});
  }

  void take(const Event& event, std::vector<std::string>& left) {
    const std::int64_t ms = event.received.time_since_epoch() / milliseconds(1);
    const auto key = std::ranges::find(keys_, event.subject, &Key::name);
    Key next{std::string(event.subject), {}, 0, false};
    if (key != keys_.end()) {
      next = *key;
      keys_.erase(key);
    } else if (keys_.size() == max_keys_) {
      keys_.erase(keys_.begin());
    }
    if (next.is_absent) left.push_back(text(next.name, "present", ms, next.last));
    keys_.push_back({next.name, ms, now_unknown, false});
  }

  void end_block(std::int64_t now, std::int64_t watermark, std::vector<std::string>& left) {
    for (Key& key : keys_) {
      if (key.used == now_unknown) key.used = now;
    }
    std::erase_if(keys_, [&](const Key& key) {
      return forget_after_ > 0 && key.used + forget_after_ <= now;
    });
    for (Key& key : keys_) {
      if (key.is_absent || key.used + after_ > now) continue;
      key.is_absent = true;
      left.push_back(text(key.name, "absent", key.last ? *key.last + after_ : watermark, key.last));
    }
  }

  // When something happens though nothing comes.
  std::optional<std::int64_t> timer() const {
    std::optional<std::int64_t> first;
    for (const Key& key : keys_) {
      for (const auto& [applies, time] : {std::pair(!key.is_absent, key.used + after_),
                                          std::pair(forget_after_ > 0, key.used + forget_after_)}) {
        if (applies && (!first || time < *first)) first = time;
      }
    }
    return first;
  }

 private:
  static constexpr std::int64_t now_unknown = -1;
  struct Key {
    std::string name;
    std::optional<std::int64_t> last;
    std::int64_t used;
    bool is_absent;
  };
  const std::int64_t after_;
  const std::int64_t forget_after_;
  const std::size_t max_keys_;
  std::vector<Key> keys_;  // the one that was used last is the last
};

TEST(Absence, Agrees_with_a_look_at_all_keys) {
  std::size_t told = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    AbsenceConfig config = after(30 + seed % 4 * 25);
    if (seed % 2 == 0) config.expect = {"a", "never", "c"};
    if (seed % 3 == 0) config.keyed.bounds.forget_after = config.after + milliseconds(40);
    if (seed % 5 == 0) config.keyed.bounds.max_keys = 4;
    StepRig rig(seed, [&] { return make_absence(config); });
    Oracle oracle(config);
    std::size_t made = 0;
    for (int block = 0; block < 150; ++block) {
      std::vector<Event*> events;
      std::vector<std::string> expected;
      const std::int64_t ms = 1000 + block * 10;
      for (std::int64_t i = rig.one_in(3) ? rig.pick(1, 4) : 0; i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + rig.pick(0, 5)));
        events.push_back(received(rig.arena(), key, ms - rig.pick(0, 9)));
        oracle.take(*events.back(), expected);
      }
      oracle.end_block(block * 10, ms, expected);
      const auto left = texts(rig.run(std::move(events), block * 10, ms));
      ASSERT_EQ(left, expected) << "block " << block;
      made += left.size();
      const auto timer = rig.step().next_timer();
      ASSERT_EQ(timer ? std::optional((*timer - EngineTime{}) / milliseconds(1)) : std::nullopt,
                oracle.timer());
    }
    rig.expect_balance(0, made);
    told += made;
  }
  EXPECT_GT(told, 2000u);
}

struct Passed {
  bool is_passed = false;
  void save(std::string& out) const { put_fixed<std::uint8_t>(out, is_passed ? 1 : 0); }
  void load(ByteReader& in) { is_passed = in.fixed<std::uint8_t>() != 0; }
  static constexpr std::size_t max_heap_bytes = 0;
  std::size_t heap_bytes() const { return 0; }
};

TEST(BoundedKeys, The_first_key_that_waits_is_known_whatever_happens_to_the_others) {
  using Keys = BoundedKeys<Passed>;
  StepRig dice(3, [] { return make_absence(after(1)); });
  KeyBounds bounds;
  bounds.max_keys = 6;
  auto keys = std::make_unique<Keys>(bounds);
  std::vector<std::pair<std::string, bool>> order;  // keys and whether passed; used last is last
  const auto evicted = [](Keys::Slot) {};
  for (int turn = 0; turn < 5000; ++turn) {
    const std::string key(1, static_cast<char>('a' + dice.pick(0, 8)));
    const auto place = std::ranges::find(order, key, &std::pair<std::string, bool>::first);
    Keys::Slot slot = keys->find(key);
    ASSERT_EQ(slot == Keys::none, place == order.end());
    if (slot == Keys::none) {
      if (order.size() == bounds.max_keys) order.erase(order.begin());
      keys->add(key, evicted);
      order.emplace_back(key, false);
    } else if (dice.one_in(4)) {
      keys->erase(slot);
      order.erase(place);
    } else if (dice.one_in(2)) {
      keys->use(slot);
      keys->edit(slot, [](Passed& entry) { entry.is_passed = false; });
      order.erase(place);
      order.emplace_back(key, false);
    } else if (keys->first_waiting() != Keys::none) {
      keys->edit(keys->first_waiting(), [](Passed& entry) { entry.is_passed = true; });
      keys->pass();
      std::ranges::find(order, false, &std::pair<std::string, bool>::second)->second = true;
    }
    if (dice.one_in(20)) {
      auto restored = std::make_unique<Keys>(bounds);
      keys->begin_snapshot();
      for (bool is_last = false; !is_last;) {
        std::string slice;
        is_last = keys->save_slice(1, slice);
        ASSERT_TRUE(restored->load_slice(slice).is_ok());
      }
      restored->find_waiting([](const Passed& entry) { return entry.is_passed; });
      keys = std::move(restored);
    }
    const auto waiting = std::ranges::find(order, false, &std::pair<std::string, bool>::second);
    slot = keys->first_waiting();
    ASSERT_EQ(slot == Keys::none, waiting == order.end());
    ASSERT_LE(keys->memory_bytes(), keys->memory_limit());
    if (slot != Keys::none) {
      ASSERT_EQ(keys->key(slot), waiting->first);
    }
    std::vector<std::string> in_order;
    for (slot = keys->oldest(); slot != Keys::none; slot = keys->newer(slot)) {
      in_order.emplace_back(keys->key(slot));
    }
    ASSERT_TRUE(std::ranges::equal(in_order, order, {}, {}, &std::pair<std::string, bool>::first));
  }
}

TEST(Absence, Expected_keys_are_watched_from_the_first_block_and_not_again_after_a_restart) {
  AbsenceConfig config = after(50, {"a"});
  config.keyed.bounds.forget_after = milliseconds(60);
  const auto step = must(make_absence(config));
  Recording out;
  EXPECT_EQ(*step->next_timer(), EngineTime{}) << "the first block starts the watch";
  step->advance_watermark(at_ms(7), out);
  step->advance_time(engine_ms(1000), out);
  EXPECT_EQ(*step->next_timer(), engine_ms(1050));
  step->advance_time(engine_ms(1050), out);
  EXPECT_THAT(texts(out.take()), ElementsAre("a absent at 7, last never"));
  step->advance_time(engine_ms(1060), out);
  EXPECT_EQ(out.counted["forgotten_keys"], 1u);
  const auto restored = must(make_absence(config));
  ASSERT_TRUE(copy_state(*step, *restored).is_ok());
  EXPECT_FALSE(restored->next_timer().has_value());
}

TEST(Absence, A_snapshot_from_before_the_first_block_lets_the_watch_begin) {
  const auto step = must(make_absence(after(50, {"a"})));
  const auto restored = must(make_absence(after(50, {"a"})));
  ASSERT_TRUE(copy_state(*step, *restored).is_ok());
  Recording out;
  restored->advance_time(engine_ms(1000), out);
  EXPECT_THAT(texts(out.take()), ElementsAre());
  EXPECT_EQ(*restored->next_timer(), engine_ms(1050));
}

TEST(Absence, What_a_step_made_was_seen_at_its_own_time) {
  const auto step = must(make_absence(after(50)));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 20, Value::null())};
  step->process(events, out);
  step->advance_time(engine_ms(0), out);
  step->advance_time(engine_ms(50), out);
  EXPECT_THAT(texts(out.take()), ElementsAre("a absent at 70, last 20"));
  EXPECT_EQ(out.dropped["seen"], 1u);
}

TEST(Absence, Random_keys_do_not_push_out_those_that_are_watched) {
  AbsenceConfig config = after(50, {"pump"});
  config.keyed.bounds.when_full = WhenFull::refuse;
  config.keyed.bounds.max_memory = std::size_t{256} << 10;
  const auto step = must(make_absence(config));
  StepRig dice(1, [&] { return make_absence(config); });
  std::size_t highest = 0;
  std::vector<std::string> told;
  for (int block = 0; block < 300; ++block) {
    Recording out;
    std::vector<Event*> events;
    for (int i = 0; i < 20; ++i) {
      const std::string key = std::to_string(dice.pick(0, 1'000'000)) +
                              std::string(static_cast<std::size_t>(dice.pick(0, 900)), 'x');
      events.push_back(received(out.arena(), key, block));
    }
    if (block % 40 == 0) step->begin_snapshot();
    step->process(events, out);
    step->advance_watermark(at_ms(block), out);
    step->advance_time(engine_ms(block), out);
    std::string slice;
    step->save_slice(1000, slice);
    ASSERT_LE(step->memory_bytes(), step->memory_limit());
    highest = std::max(highest, step->memory_bytes());
    ASSERT_EQ(out.dropped["seen"] + out.dropped["max_keys"], events.size());
    for (const std::string& text : texts(out.take())) {
      if (text.starts_with("pump")) told.push_back(text);
    }
  }
  EXPECT_THAT(told, ElementsAre("pump absent at 50, last never"));
  EXPECT_GE(highest, config.keyed.bounds.max_memory / 2);
  EXPECT_LE(step->memory_limit(), 4 * config.keyed.bounds.max_memory);
}

TEST(Absence, Each_wrong_option_is_told) {
  AbsenceConfig config = after(0, {"a", "b", "a"});
  config.keyed.bounds.forget_after = milliseconds(-1);
  EXPECT_THAT(places(make_absence(config)), ElementsAre("after:0", "expect.2:0"));
  config = after(50, {"a", "b", std::string(600, 'x')});
  config.keyed.bounds.forget_after = milliseconds(50);
  config.keyed.bounds.max_keys = 2;
  EXPECT_THAT(places(make_absence(config)),
              ElementsAre("forget_after:0", "expect:0", "expect.2:0"));
  config = after(50, {"a"});
  config.keyed.key.clear();
  EXPECT_THAT(places(make_absence(config)), ElementsAre("expect:0"));
}

}  // namespace
}  // namespace sluice
