#include "pipelines/steps/dedupe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

TEST(Dedupe, Agrees_with_a_list_of_all_that_passed) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    DedupeConfig config;
    config.by = "[subject, string(data.v)]";
    config.within = milliseconds(seed % 3 * 20);
    config.remember = seed % 2 == 0 ? 100'000 : 5;
    std::deque<std::pair<std::string, std::int64_t>> passed;  // identities, the last one last
    compare_with_oracle(
        seed, [&] { return make_dedupe(config); },
        [&](const Event& event) {
          const std::string identity =
              std::string(event.subject) + " " + std::to_string(value_of(event));
          const auto same =
              std::ranges::find(passed, identity, &std::pair<std::string, std::int64_t>::first);
          if (same != passed.end()) {
            const std::int64_t apart = std::abs(same->second - ms_of(event));
            if (config.within == Duration{0} || milliseconds(apart) < config.within) return false;
            passed.erase(same);
          }
          passed.emplace_back(identity, ms_of(event));
          if (passed.size() > config.remember) passed.pop_front();
          return true;
        },
        false);
  }
}

TEST(Dedupe, Goes_by_source_and_id_when_nothing_else_is_said) {
  const auto step = must(make_dedupe({}));
  Recording out;
  std::vector<Event*> events;
  for (const char* id : {"1", "2", "1"}) {
    events.push_back(make_event(out.arena(), "s", 0, Value::integer(0)));
    events.back()->id = id;
    events.back()->source = "//box/floor/a";
  }
  step->process(events, out);
  EXPECT_THAT(out.take(), ElementsAre(events[0], events[1]));
  EXPECT_EQ(out.dropped["duplicate"], 1u);
}

TEST(Dedupe, Forgets_in_engine_time_and_says_when) {
  DedupeConfig config;
  config.by = "subject";
  config.forget_after = milliseconds(50);
  const auto step = must(make_dedupe(config));
  Recording out;
  const auto send = [&](std::string_view subject, std::int64_t now) {
    Event* event = make_event(out.arena(), subject, 0, Value::null());
    step->process(std::span<Event* const>(&event, 1), out);
    step->advance_time(engine_ms(now), out);
    return out.take().size();
  };
  EXPECT_FALSE(step->next_timer().has_value());
  EXPECT_EQ(send("a", 1000), 1u);
  EXPECT_EQ(*step->next_timer(), engine_ms(1050));
  EXPECT_EQ(send("b", 1049), 1u);
  EXPECT_EQ(send("a", 1049), 0u);
  step->advance_time(engine_ms(1050), out);
  EXPECT_EQ(out.counted["forgotten_keys"], 1u);
  EXPECT_EQ(send("a", 1060), 1u);
  EXPECT_EQ(send("b", 1060), 0u);
}

TEST(Dedupe, Each_wrong_option_is_told) {
  EXPECT_THAT(places(make_dedupe({"subject +", milliseconds(-1), 0, {}})),
              ElementsAre(::testing::StartsWith("by:"), "within:0", "remember:0"));
}

}  // namespace
}  // namespace sluice
