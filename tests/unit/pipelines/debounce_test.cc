#include "pipelines/steps/debounce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

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

// Keeps each key's last event in the order of their coming.
class Oracle {
 public:
  Oracle(std::int64_t quiet, std::int64_t max_wait) : quiet_(quiet), max_wait_(max_wait) {}

  void take(const Event& event) {
    const auto held = std::ranges::find(held_, event.subject, &Held::key);
    if (held == held_.end()) {
      held_.push_back({std::string(event.subject), text(event), ms_of(event), now_});
      return;
    }
    Held next = *held;
    held_.erase(held);
    if (max_wait_ > 0 && ms_of(event) >= next.start + max_wait_) {
      left_.push_back(text(event));
      return;
    }
    next.text = text(event);
    held_.push_back(next);
    held_.back().came = now_;
  }

  // Ends the block of time `now`; what left in it.
  std::vector<std::string> end_block(std::int64_t now) {
    for (Held& held : held_) {
      if (held.came == now_) held.came = now;
    }
    now_ = now + 1;  // marks what comes in the next block
    while (!held_.empty() && held_.front().came + quiet_ <= now) {
      left_.push_back(held_.front().text);
      held_.erase(held_.begin());
    }
    return std::exchange(left_, {});
  }

  std::size_t held() const { return held_.size(); }

 private:
  struct Held {
    std::string key;
    std::string text;
    std::int64_t start;  // time of the first event
    std::int64_t came;   // engine time of the last
  };
  const std::int64_t quiet_;
  const std::int64_t max_wait_;
  std::vector<Held> held_;
  std::vector<std::string> left_;
  std::int64_t now_ = -1;
};

TEST(Debounce, Agrees_with_a_list_of_what_waits) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const std::int64_t quiet = 10 + seed % 5 * 15;
    const std::int64_t max_wait = seed % 3 * 60;
    StepRig rig(seed, [&] {
      return make_debounce({{"subject", {}}, milliseconds(quiet), milliseconds(max_wait)});
    });
    Oracle oracle(quiet, max_wait);
    for (int block = 0; block < 150; ++block) {
      std::vector<Event*> events;
      for (std::int64_t i = rig.pick(0, 3); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + rig.pick(0, 4)));
        events.push_back(make_event(rig.arena(), key, block * 10 - rig.pick(0, 30),
                                    Value::integer(rig.pick(0, 999))));
        oracle.take(*events.back());
      }
      ASSERT_EQ(texts(rig.run(std::move(events), block * 10)), oracle.end_block(block * 10));
    }
    rig.expect_balance(oracle.held());
  }
}

TEST(Debounce, An_evicted_key_lets_its_event_go_early) {
  DebounceConfig config{{"subject", {}}, milliseconds(50), {}};
  config.keyed.bounds.max_keys = 1;
  const auto step = must(make_debounce(config));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 1, Value::integer(1)),
                                make_event(out.arena(), "b", 2, Value::integer(2))};
  step->process(events, out);
  EXPECT_THAT(texts(out.take()), ElementsAre(R"(a 1 {"v":1})"));
  EXPECT_EQ(out.counted["evicted_keys"], 1u);
  step->advance_time(engine_ms(10), out);
  EXPECT_EQ(*step->next_timer(), engine_ms(60));
  step->advance_time(engine_ms(60), out);
  EXPECT_THAT(texts(out.take()), ElementsAre(R"(b 2 {"v":2})"));
  EXPECT_FALSE(step->next_timer().has_value());
}

TEST(Debounce, An_event_that_is_too_big_fails_and_what_waits_stays) {
  const auto step = must(make_debounce({{}, milliseconds(50), {}}));
  Recording out;
  const std::string big(100'000, 'x');
  std::vector<Event*> events = {make_event(out.arena(), "a", 1, Value::string(big)),
                                make_event(out.arena(), "a", 2, Value::integer(2)),
                                make_event(out.arena(), "a", 3, Value::string(big))};
  step->process(events, out);
  EXPECT_EQ(out.failed.size(), 2u);
  step->advance_time(engine_ms(0), out);
  step->advance_time(engine_ms(50), out);
  EXPECT_THAT(texts(out.take()), ElementsAre(R"(a 2 {"v":2})"));
}

TEST(Debounce, Each_wrong_option_is_told) {
  EXPECT_THAT(places(make_debounce({{}, {}, milliseconds(-1)})),
              ElementsAre("quiet:0", "max_wait:0"));
}

}  // namespace
}  // namespace sluice
