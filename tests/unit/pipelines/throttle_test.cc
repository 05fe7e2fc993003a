#include "pipelines/steps/throttle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

TEST(Throttle, Agrees_with_counting_in_each_interval) {
  struct Interval {
    std::int64_t start;
    std::uint32_t passed;
  };
  for (unsigned seed = 0; seed < 200; ++seed) {
    const std::uint32_t events = 1 + seed % 3;
    const std::int64_t per = 20 + seed % 7 * 15;
    std::map<std::string, Interval> intervals;
    compare_with_oracle(
        seed,
        [&] {
          return make_throttle({{"subject", {}}, events, milliseconds(per)});
        },
        [&](const Event& event) {
          auto [known, is_new] =
              intervals.try_emplace(std::string(event.subject), Interval{ms_of(event), 0});
          Interval& interval = known->second;
          if (ms_of(event) >= interval.start + per) interval = {ms_of(event), 0};
          if (interval.passed == events) return false;
          ++interval.passed;
          return true;
        },
        false);
  }
}

TEST(Throttle, The_ends_of_time_do_not_overflow) {
  const auto step = must(make_throttle({{}, 1, milliseconds(1)}));
  Recording out;
  std::vector<Event*> events;
  for (const Timestamp time : {Timestamp::min(), Timestamp::max(), Timestamp::min()}) {
    events.push_back(make_event(out.arena(), "s", 0, Value::null()));
    events.back()->time = time;
  }
  step->process(events, out);
  EXPECT_THAT(out.take(), ElementsAre(events[0], events[1]));
  EXPECT_EQ(out.dropped["throttle"], 1u);
}

TEST(Throttle, Each_wrong_option_is_told) {
  EXPECT_THAT(places(make_throttle({{}, 0, {}})), ElementsAre("events:0", "per:0"));
}

}  // namespace
}  // namespace sluice
