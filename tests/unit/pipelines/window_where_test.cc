// Aggregates of some events only: "avg(data.v) where data.on".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/windows/emit_text.h"
#include "tests/unit/pipelines/window_fixture.h"

namespace sluice {
namespace {

using sluice::testing::make_event;
using sluice::testing::places;
using sluice::testing::WindowTest;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Where : public WindowTest {
 protected:
  static WindowConfig with(const std::string& field) {
    WindowConfig config;
    config.size = milliseconds(10);
    config.emit = {{"x", field}, {"n", "count()"}};
    return config;
  }
  void give(Value v, Value on) {
    Event* made = make_event(out_.arena(), {{"v", v}, {"on", on}});
    step_->process({&made, 1}, out_);
  }
};

TEST_F(Where, An_aggregate_is_of_the_events_that_meet_its_condition) {
  configure(with("avg(data.v) where data.on"));
  give(Value::integer(4), Value::boolean(true));
  give(Value::integer(100), Value::boolean(false));
  give(Value::integer(6), Value::boolean(true));
  EXPECT_THAT(watermark(10), ElementsAre(R"( [0,10) #0 {"x":5,"n":3})"));
  EXPECT_TRUE(out_.counted.empty()) << "what a condition leaves out is not missing";
}

TEST_F(Where, Its_argument_is_not_looked_at_in_other_events) {
  configure(with("max(data.v + 1) where data.on"));
  give(Value::string("?"), Value::boolean(false));
  give(Value::integer(6), Value::boolean(true));
  give(Value::string("?"), Value::boolean(true));
  EXPECT_THAT(watermark(10), ElementsAre(R"( [0,10) #0 {"x":7,"n":2})"));
  EXPECT_EQ(out_.failed.size(), 1U);
}

TEST_F(Where, A_condition_that_is_absent_counts_and_one_that_is_no_bool_fails) {
  configure(with("count() where data.on"));
  give(Value::integer(1), Value::null());
  give(Value::integer(1), Value::integer(1));
  give(Value::integer(1), Value::boolean(true));
  EXPECT_THAT(watermark(10), ElementsAre(R"( [0,10) #0 {"x":1,"n":2})"));
  EXPECT_EQ(out_.counted.at("absent_value"), 1U);
  ASSERT_EQ(out_.reasons.size(), 1U);
  EXPECT_THAT(out_.reasons[0], HasSubstr("emit.x: needs a bool behind 'where', not 1 (int)"));
}

TEST_F(Where, It_may_stand_behind_any_aggregate) {
  configure(with("percentiles(data.v, 0, 100) where data.v > 2 && data.on"));
  for (int i = 0; i < 6; ++i) give(Value::integer(i), Value::boolean(i < 5));
  EXPECT_THAT(watermark(10), ElementsAre(R"( [0,10) #0 {"x":{"p0":3,"p100":4},"n":6})"));
}

TEST_F(Where, What_is_wrong_with_it_is_told_with_its_place) {
  EXPECT_THAT(places(make_window(with("count() where"))), ElementsAre("emit.x:13"));
  EXPECT_THAT(places(make_window(with("count() wherever"))), ElementsAre("emit.x:8"));
  EXPECT_THAT(places(make_window(with("count() where )"))), ElementsAre("emit.x:14"));
  EXPECT_THAT(places(make_window(with("count() where(data.on)"))), ElementsAre());
}

}  // namespace
}  // namespace sluice
