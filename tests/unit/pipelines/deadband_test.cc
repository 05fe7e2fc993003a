#include "pipelines/steps/deadband.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

DeadbandConfig absolute(double change, Duration max_silence = {}) {
  return {{"subject", {}}, "data.v", change, std::nullopt, max_silence};
}

TEST(Deadband, Agrees_with_looking_at_the_last_one_that_passed) {
  struct Last {
    std::int64_t value;
    std::int64_t ms;
  };
  for (unsigned seed = 0; seed < 200; ++seed) {
    DeadbandConfig config = absolute(seed % 4, milliseconds(seed % 3 * 40));
    if (seed % 2 == 0) {
      config.change.reset();
      config.percent = 60.0;
    }
    std::map<std::string, Last> last;
    compare_with_oracle(
        seed, [&] { return make_deadband(config); },
        [&](const Event& event) {
          const std::string key(event.subject);
          const auto value = value_of(event);
          if (const auto known = last.find(key); known != last.end()) {
            const auto moved = static_cast<double>(std::abs(value - known->second.value));
            const double band = config.change
                                    ? *config.change
                                    : 0.6 * static_cast<double>(std::abs(known->second.value));
            const bool was_silent =
                config.max_silence > Duration{0} &&
                milliseconds(ms_of(event) - known->second.ms) >= config.max_silence;
            if (moved <= band && !was_silent) return false;
          }
          last[key] = {value, ms_of(event)};
          return true;
        },
        true);
  }
}

TEST(Deadband, A_value_that_creeps_away_passes_once_it_is_far_from_the_last_that_did) {
  const auto step = must(make_deadband(absolute(1.0)));
  Recording out;
  std::vector<Event*> events;
  for (int i = 0; i < 6; ++i) {
    events.push_back(make_event(out.arena(), "s", i, Value::number(20.0 + 0.25 * i)));
  }
  step->process(events, out);
  EXPECT_THAT(out.take(), ElementsAre(events[0], events[5]));  // 1.0 away is not more than 1.0
  EXPECT_EQ(out.dropped["deadband"], 4u);
}

TEST(Deadband, What_is_no_number_fails_and_is_not_remembered) {
  const auto step = must(make_deadband(absolute(1.0)));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "s", 0, Value::string("hot")),
                                make_event(out.arena(), {{"w", Value::integer(1)}}),
                                make_event(out.arena(), "s", 1, Value::integer(20))};
  step->process(events, out);
  EXPECT_THAT(out.take(), ElementsAre(events[2]));
  EXPECT_THAT(out.reasons, ElementsAre(R"(value: needs a finite number, not "hot" (string))",
                                       HasSubstr("value: ")));
}

TEST(Deadband, A_refused_key_is_dropped_and_an_evicted_one_starts_anew) {
  DeadbandConfig config = absolute(1.0);
  config.keyed.bounds.max_keys = 2;
  for (const WhenFull when_full : {WhenFull::refuse, WhenFull::evict}) {
    config.keyed.bounds.when_full = when_full;
    const auto step = must(make_deadband(config));
    Recording out;
    std::vector<Event*> events;
    for (const char* key : {"a", "b", "a", "c", "b"}) {
      events.push_back(make_event(out.arena(), key, 0, Value::integer(7)));
    }
    step->process(events, out);
    if (when_full == WhenFull::refuse) {
      EXPECT_THAT(out.take(), ElementsAre(events[0], events[1]));
      EXPECT_EQ(out.dropped["max_keys"], 1u);
    } else {
      // "c" takes the place of "b", which was used longest ago; then "b" that of "a".
      EXPECT_THAT(out.take(), ElementsAre(events[0], events[1], events[3], events[4]));
      EXPECT_EQ(out.counted["evicted_keys"], 2u);
    }
  }
}

TEST(Deadband, Each_wrong_option_is_told) {
  DeadbandConfig config = absolute(-1.0, milliseconds(-1));
  config.keyed = {"subject ==", {.max_keys = 0}};
  config.percent = std::nan("");
  EXPECT_THAT(places(make_deadband(config)),
              ElementsAre("max_keys:0", ::testing::StartsWith("key:"), "deadband:0", "change:0",
                          "percent:0", "max_silence:0"));
}

}  // namespace
}  // namespace sluice
