#include "pipelines/steps/changed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using ::testing::ElementsAre;

TEST(Changed, Agrees_with_looking_at_the_event_before) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::map<std::string, bool> last;
    compare_with_oracle(
        seed,
        [] {
          return make_changed({{"subject", {}}, "data.v > 2"});
        },
        [&](const Event& event) {
          const bool is_high = value_of(event) > 2;
          const auto [known, is_new] = last.try_emplace(std::string(event.subject), is_high);
          return is_new || std::exchange(known->second, is_high) != is_high;
        },
        true);
  }
}

TEST(Changed, An_int_and_the_same_double_are_no_change_but_null_is) {
  const auto step = must(make_changed({{}, "data.v"}));
  Recording out;
  std::vector<Event*> events;
  for (const Value value :
       {Value::integer(2), Value::number(2.0), Value::null(), Value::null(), Value::string("2")}) {
    events.push_back(make_event(out.arena(), "s", 0, value));
  }
  step->process(events, out);
  EXPECT_THAT(out.take(), ElementsAre(events[0], events[2], events[4]));
  EXPECT_EQ(out.dropped["unchanged"], 2u);
}

}  // namespace
}  // namespace sluice
