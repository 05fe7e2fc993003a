#include "pipelines/steps/swinging_door.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

struct Point {
  std::int64_t ms;
  double value;
  bool operator==(const Point&) const = default;
};

// Whether the line from the first to the last of these points passes all between within `error`.
bool is_straight(const std::vector<Point>& points, double error) {
  const Point& from = points.front();
  const Point& to = points.back();
  return std::ranges::all_of(points, [&](const Point& point) {
    const double share =
        static_cast<double>(point.ms - from.ms) / static_cast<double>(to.ms - from.ms);
    return std::fabs(from.value + share * (to.value - from.value) - point.value) <= error + 1e-9;
  });
}

// Tries the straight line over all points since the last one that left, each time anew.
class Oracle {
 public:
  Oracle(double error, std::int64_t max_silence) : error_(error), max_silence_(max_silence) {}

  std::vector<Point> take(const Point& point) {
    std::vector<Point> left;
    if (since_.empty() || point.ms <= since_.back().ms) {
      if (since_.empty()) since_.push_back(point);
      return {point};
    }
    since_.push_back(point);
    if (!is_straight(since_, error_)) let_go(left, since_.size() - 2);
    if (max_silence_ > 0 && point.ms - since_.front().ms >= max_silence_) {
      let_go(left, since_.size() - 1);
    }
    return left;
  }
  bool holds() const { return since_.size() > 1; }

 private:
  void let_go(std::vector<Point>& left, std::size_t index) {
    left.push_back(since_[index]);
    since_.erase(since_.begin(), since_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  const double error_;
  const std::int64_t max_silence_;
  std::vector<Point> since_;  // from the last one that left
};

TEST(SwingingDoor, Agrees_with_trying_the_straight_line_over_all_points) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    // No point lies on the edge of the door: that takes 10,000 time steps.
    const double error = 0.3137 + seed % 4;
    const std::int64_t max_silence = seed % 3 * 90;
    StepRig rig(seed, [&] {
      return make_swinging_door({{"subject", {}}, "data.v", error, milliseconds(max_silence)});
    });
    std::map<std::string, Oracle> oracles;
    std::map<std::string, std::int64_t> values;
    for (int block = 0; block < 150; ++block) {
      std::vector<Event*> events;
      std::map<std::string, std::vector<Point>> expected;
      for (std::int64_t i = rig.pick(0, 5); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + rig.pick(0, 2)));
        const std::int64_t ms = block * 10 + i * -2 - (rig.one_in(12) ? 25 : 0);
        values[key] += rig.pick(-2, 2);
        events.push_back(make_event(rig.arena(), key, ms, Value::integer(values[key])));
        auto& oracle = oracles.try_emplace(key, error, max_silence).first->second;
        for (const Point& point : oracle.take({ms, static_cast<double>(values[key])})) {
          expected[key].push_back(point);
        }
      }
      std::map<std::string, std::vector<Point>> left;
      for (const Event* event : rig.run(std::move(events), block * 10)) {
        left[std::string(event->subject)].push_back(
            {ms_of(*event), static_cast<double>(value_of(*event))});
      }
      ASSERT_EQ(left, expected) << "block " << block;
    }
    rig.expect_balance(static_cast<std::size_t>(std::ranges::count_if(
        oracles, [](const auto& key_and_oracle) { return key_and_oracle.second.holds(); })));
  }
}

TEST(SwingingDoor, A_straight_line_is_two_events_and_the_end_comes_out_when_the_key_is_forgotten) {
  SwingingDoorConfig config{{"subject", {}}, "data.v", 0.1, {}};
  config.keyed.bounds.forget_after = milliseconds(100);
  const auto step = must(make_swinging_door(config));
  Recording out;
  std::vector<Event*> events;
  for (int i = 0; i < 50; ++i) {
    events.push_back(make_event(out.arena(), "s", i * 10, Value::number(20.0 + 0.5 * i)));
  }
  step->process(events, out);
  step->advance_time(engine_ms(500), out);
  EXPECT_THAT(out.take(), ElementsAre(events[0]));
  step->advance_time(engine_ms(600), out);
  const auto end = out.take();
  ASSERT_EQ(end.size(), 1u);
  EXPECT_EQ(ms_of(*end[0]), 490);
  EXPECT_EQ(out.dropped["swinging_door"], 48u);
}

TEST(SwingingDoor, Each_wrong_option_is_told) {
  EXPECT_THAT(places(make_swinging_door({{}, "data.v", -1.0, milliseconds(-1)})),
              ElementsAre("error:0", "max_silence:0"));
}

}  // namespace
}  // namespace sluice
