#include "pipelines/steps/detect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// A detect step over data.v, and what it makes of one value after the other.
class DetectTest : public ::testing::Test {
 protected:
  void configure(decltype(DetectConfig::method) method) {
    config_.keyed.key = "subject";
    config_.value = "data.v";
    config_.method = std::move(method);
    step_ = must(make_detect(config_));
  }
  // The annotation of this event as JSON; empty when it did not pass.
  std::string at(std::int64_t ms, double value, std::string_view key = "a") {
    Event* event = make_event(out_.arena(), key, ms, Value::number(value));
    step_->process({&event, 1}, out_);
    const std::vector<Event*> emitted = out_.take();
    return emitted.empty() ? "" : to_json(*emitted[0]->data.find("anomaly"));
  }
  // What a method says of this one, without more.
  std::string change(std::int64_t ms, double value, std::string_view key = "a") {
    const std::string all = at(ms, value, key);
    for (const char* change : {"begins", "ends"}) {
      if (all.find('"' + std::string(change) + '"') != std::string::npos) return change;
    }
    return "";
  }

  DetectConfig config_;
  std::unique_ptr<Step> step_;
  Recording out_;
};

TEST_F(DetectTest, Says_what_it_found_and_only_when_the_alarm_changes) {
  configure(ThresholdConfig{80.0, 5.0, 2.0});
  EXPECT_EQ(at(0, 80.0), "");
  EXPECT_EQ(at(1, 81.5), R"({"method":"threshold","is_anomaly":true,"change":"begins","score":1.5,)"
                         R"("value":81.5,"low":5,"high":80,"reason":"high"})");
  EXPECT_EQ(at(2, 85.0), "");
  EXPECT_EQ(at(3, 78.5), "");  // not yet 2 inside
  EXPECT_EQ(at(4, 78.0), R"({"method":"threshold","is_anomaly":false,"change":"ends","score":-2,)"
                         R"("value":78,"low":5,"high":80,"reason":null})");
  EXPECT_THAT(at(5, 4.0), HasSubstr(R"("reason":"low")"));
  EXPECT_EQ(out_.dropped["detect"], 3u);
}

TEST_F(DetectTest, Lets_all_pass_with_what_it_found_when_asked_to) {
  config_.emit = DetectEmit::all;
  configure(ThresholdConfig{80.0, {}, 0.0});
  EXPECT_EQ(at(0, 70.0), R"({"method":"threshold","is_anomaly":false,"change":null,"score":-10,)"
                         R"("value":70,"low":null,"high":80,"reason":null})");
  EXPECT_THAT(at(1, 90.0), HasSubstr(R"("is_anomaly":true,"change":"begins")"));
  EXPECT_THAT(at(2, 91.0), HasSubstr(R"("is_anomaly":true,"change":null)"));
  EXPECT_THAT(out_.dropped, IsEmpty());
}

TEST_F(DetectTest, A_condition_must_last_in_event_time_both_ways) {
  config_.lasts = seconds(30);
  config_.clear_for = seconds(10);
  configure(ThresholdConfig{80.0, {}, 0.0});
  EXPECT_EQ(change(0, 90.0), "");
  EXPECT_EQ(change(20'000, 79.0), "");  // begins anew
  EXPECT_EQ(change(40'000, 90.0), "");
  EXPECT_EQ(change(69'999, 90.0), "");
  EXPECT_EQ(change(70'000, 90.0), "begins");
  EXPECT_EQ(change(71'000, 70.0), "");
  EXPECT_EQ(change(80'999, 70.0), "");
  EXPECT_EQ(change(81'000, 70.0), "ends");
}

TEST_F(DetectTest, A_time_stamp_from_the_future_holds_no_alarm_up) {
  config_.lasts = seconds(30);
  configure(ThresholdConfig{80.0, {}, 0.0});
  EXPECT_EQ(change(4'000'000'000'000, 90.0), "");
  EXPECT_EQ(change(1'000, 90.0), "");
  EXPECT_EQ(change(31'000, 90.0), "begins");
}

TEST_F(DetectTest, A_window_of_time_begins_anew_after_a_time_stamp_from_the_future) {
  config_.emit = DetectEmit::all;
  ZScoreConfig method;
  method.within = seconds(32);
  method.warm_up = 3;
  configure(method);
  for (int i = 0; i < 10; ++i) at(i * 1000, i % 2);
  EXPECT_THAT(at(4'000'000'000'000, 1.0), Not(HasSubstr(R"("score":null)")));
  for (int i = 10; i < 13; ++i) EXPECT_THAT(at(i * 1000, i % 2), HasSubstr(R"("score":null)"));
  EXPECT_THAT(at(13'000, 1.0), Not(HasSubstr(R"("score":null)")));
}

TEST_F(DetectTest, Keys_have_alarms_of_their_own) {
  configure(ThresholdConfig{80.0, {}, 0.0});
  EXPECT_EQ(change(0, 90.0, "a"), "begins");
  EXPECT_EQ(change(1, 90.0, "b"), "begins");
  EXPECT_EQ(change(2, 70.0, "a"), "ends");
  EXPECT_EQ(change(3, 90.0, "b"), "");
}

TEST_F(DetectTest, What_was_always_the_same_makes_any_difference_unusual) {
  config_.emit = DetectEmit::all;
  configure(EwmaConfig{});
  for (int i = 0; i < 40; ++i) at(i, 7.25);
  EXPECT_THAT(at(40, 7.25), HasSubstr(R"("score":0,)"));
  EXPECT_THAT(at(41, 7.26), HasSubstr(R"("score":1e+06,)"));
}

TEST_F(DetectTest, An_outlier_hardly_moves_a_robust_mean_and_a_new_level_is_learnt) {
  std::mt19937 random(1);
  for (const bool is_robust : {false, true}) {
    config_.emit = DetectEmit::all;
    ZScoreConfig method;
    method.is_robust = is_robust;
    configure(method);
    for (int i = 0; i < 300; ++i) at(i, static_cast<double>(random() % 100));
    for (int i = 300; i < 330; ++i) at(i, 100'000.0);
    // Still unusual, unless the outliers became the measure.
    EXPECT_EQ(at(330, 90'000.0).find(R"("reason":"high")") != std::string::npos, is_robust);
  }
  for (int i = 331; i < 900; ++i) at(i, 500.0 + static_cast<double>(random() % 100));
  EXPECT_THAT(at(900, 550.0), HasSubstr(R"("is_anomaly":false)"));
}

TEST_F(DetectTest, Cusum_finds_a_small_shift_and_learns_it_when_asked_to) {
  CusumConfig method;
  method.limits.begin = 8.0;
  std::mt19937 random(7);
  for (const bool relearns : {false, true}) {
    method.relearns = relearns;
    configure(method);
    const auto value = [&](double level) { return level + static_cast<double>(random() % 1000); };
    std::vector<std::string> changes;
    for (int i = 0; i < 60; ++i) EXPECT_EQ(change(i, value(0.0)), "");
    for (int i = 60; i < 160; ++i) {  // by one and a half standard deviations
      if (const std::string found = change(i, value(450.0)); !found.empty())
        changes.push_back(found);
    }
    if (relearns) {
      EXPECT_THAT(changes, ElementsAre("begins", "ends"));
    } else {
      EXPECT_THAT(changes, ElementsAre("begins"));
    }
    EXPECT_EQ(change(161, -1e6), relearns ? "begins" : "");
  }
}

TEST_F(DetectTest, Seasonal_knows_what_is_usual_at_this_hour_by_the_clocks_of_the_zone) {
  SeasonalConfig method;
  method.time_zone = "Europe/Berlin";
  configure(method);
  // Lights from 8 to 18 by the clocks of Berlin, which go forward on 2026-03-29.
  const std::int64_t start =
      parse_timestamp("2026-03-23T00:00:00Z")->time_since_epoch() / milliseconds(1);
  std::vector<std::string> changes;
  for (std::int64_t half_hour = 0; half_hour < 14 * 48; ++half_hour) {
    const std::int64_t ms = start + half_hour * 1'800'000;
    const bool is_summer = ms >= start + (6 * 24 + 1) * 3'600'000;
    const std::int64_t hour = (half_hour / 2 + (is_summer ? 2 : 1)) % 24;
    const double light =
        (hour >= 8 && hour < 18 ? 100.0 : 0.0) + static_cast<double>(half_hour % 2);
    EXPECT_EQ(change(ms, light), "") << format_timestamp(at_ms(ms));
  }
  // Three in the morning, and dark at noon.
  EXPECT_EQ(change(start + (14 * 24 + 1) * std::int64_t{3'600'000}, 100.0), "begins");
  EXPECT_EQ(change(start + (14 * 24 + 2) * std::int64_t{3'600'000}, 0.0), "ends");
  EXPECT_EQ(change(start + (14 * 24 + 10) * std::int64_t{3'600'000}, 0.0), "begins");
}

TEST_F(DetectTest, Range_finds_what_never_was_in_a_signal_that_swings) {
  RangeConfig method;
  method.samples = 640;
  configure(method);
  const auto swing = [](int i) { return i / 50 % 2 == 0 ? 10.0 : 90.0 + i % 3; };
  for (int i = 0; i < 600; ++i) EXPECT_EQ(change(i, swing(i)), "") << i;
  EXPECT_EQ(change(600, 99.0), "begins");
  EXPECT_EQ(change(601, swing(601)), "ends");
}

TEST_F(DetectTest, The_field_can_go_anywhere_in_the_data_or_in_its_place) {
  config_.into = "data";
  configure(ThresholdConfig{80.0, {}, 0.0});
  Event* event = make_event(out_.arena(), "a", 0, Value::integer(90));
  step_->process({&event, 1}, out_);
  const std::vector<Event*> emitted = out_.take();
  ASSERT_EQ(emitted.size(), 1u);
  EXPECT_THAT(to_json(emitted[0]->data), StartsWith(R"({"method":"threshold","is_anomaly":true)"));
  EXPECT_FALSE(emitted[0]->is_unchanged);
  EXPECT_EQ(to_json(event->data), R"({"v":90})");  // the event that came is as it was
}

TEST_F(DetectTest, What_fails_changes_nothing) {
  config_.into = "data.v.anomaly";  // data.v is no map
  configure(ThresholdConfig{80.0, {}, 0.0});
  std::vector<Event*> events = {make_event(out_.arena(), "a", 0, Value::integer(90)),
                                make_event(out_.arena(), "a", 1, Value::string("hot")),
                                make_event(out_.arena(), "a", 2, Value::number(2e100)),
                                make_event(out_.arena(), {{"w", Value::integer(1)}})};
  step_->process(events, out_);
  EXPECT_THAT(out_.reasons,
              ElementsAre(StartsWith("detect.into: "),
                          R"(value: needs a number of at most 1e100 in size, not "hot" (string))",
                          HasSubstr("at most 1e100"), StartsWith("value: ")));
  EXPECT_THAT(out_.emitted, IsEmpty());
  const std::string empty = [&] {
    std::string slice;
    step_->begin_snapshot();
    EXPECT_TRUE(step_->save_slice(1000, slice));
    return slice;
  }();
  EXPECT_EQ(empty.size(), 1u);  // no key
}

// Random long keys and values of any size: memory_bytes() stays within what memory_limit() says.
TEST_F(DetectTest, Memory_stays_within_its_limit_whatever_comes) {
  std::mt19937_64 random(3);
  SeasonalConfig weekly;
  weekly.season = Season::week;
  const decltype(DetectConfig::method) methods[] = {ThresholdConfig{0.0, {}, 0.0},
                                                    ZScoreConfig{},
                                                    EwmaConfig{},
                                                    CusumConfig{},
                                                    weekly,
                                                    RangeConfig{}};
  for (const auto& method : methods) {
    SCOPED_TRACE(method.index());
    config_.keyed.bounds.max_memory = KeyBounds::least_memory;
    configure(method);
    // A snapshot takes as much again, and one key of at most 20 KiB may be over it.
    ASSERT_LE(step_->memory_limit(), 2 * (KeyBounds::least_memory + 20 * 1024));
    std::size_t peak = 0;
    for (int i = 0; i < 6000; ++i) {
      const std::string key((random() % 4 == 0)
                                ? "k" + std::to_string(random() % 8)
                                : std::string(random() % 900, 'x') + std::to_string(random()));
      if (i % 300 == 0) step_->begin_snapshot();
      const double value =
          std::ldexp(static_cast<double>(random() % 1000), static_cast<int>(random() % 300));
      Recording out;
      Event* event =
          make_event(out.arena(), key, std::int64_t{i} * 3'600'000, Value::number(value));
      step_->process({&event, 1}, out);
      peak = std::max(peak, step_->memory_bytes());
      ASSERT_LE(step_->memory_bytes(), step_->memory_limit()) << i;
      std::string slice;
      if (i % 7 == 0) step_->save_slice(300, slice);
    }
    EXPECT_GT(peak, config_.keyed.bounds.max_memory / 2);  // the bound was tried
  }
}

TEST_F(DetectTest, A_slice_that_was_cut_off_is_not_loaded) {
  for (const auto& method : {decltype(DetectConfig::method)(ZScoreConfig{}),
                             {SeasonalConfig{}},
                             {RangeConfig{}},
                             {CusumConfig{}},
                             {EwmaConfig{}}}) {
    configure(method);
    for (int i = 0; i < 100; ++i) at(i * 3'600'000, i % 7);
    std::string slice;
    step_->begin_snapshot();
    ASSERT_TRUE(step_->save_slice(1 << 20, slice));
    for (std::size_t size = 0; size < slice.size(); ++size) {
      if (size == 1) continue;  // a version and no key
      auto fresh = must(make_detect(config_));
      EXPECT_FALSE(fresh->load_slice(std::string_view(slice).substr(0, size)).is_ok()) << size;
    }
    EXPECT_TRUE(must(make_detect(config_))->load_slice(slice).is_ok());
  }
}

TEST(DetectConfigured, Each_wrong_option_is_told) {
  DetectConfig config{
      {"subject ==", {0, {}, {}, {}}}, "1 +", {}, seconds(-1), seconds(-1), {}, "x"};
  config.method = ThresholdConfig{1.0, 0.0, 0.6};
  EXPECT_THAT(places(make_detect(config)),
              ElementsAre("max_keys:0", StartsWith("key:"), StartsWith("value:"), "into:0", "for:0",
                          "clear_for:0", "hysteresis:0"));
  const auto wrong = [](decltype(DetectConfig::method) method) {
    return places(make_detect({{}, "data.v", std::move(method)}));
  };
  EXPECT_THAT(wrong(ThresholdConfig{}), ElementsAre("above:0"));
  EXPECT_THAT(wrong(ThresholdConfig{std::nan(""), INFINITY, -1.0}),
              ElementsAre("above:0", "below:0", "hysteresis:0"));
  EXPECT_THAT(wrong(ZScoreConfig{.limits = {-1.0, 3.0},
                                 .samples = 0,
                                 .within = Duration(5),
                                 .warm_up = 1,
                                 .min_spread = -1.0}),
              ElementsAre("limit:0", "clear:0", "limit:0", "within:0", "samples:0", "warm_up:0",
                          "min_spread:0"));
  EXPECT_THAT(wrong(ZScoreConfig{.samples = 64, .warm_up = 64}), ElementsAre("warm_up:0"));
  EXPECT_THAT(wrong(ZScoreConfig{.samples = 64, .warm_up = 63}), IsEmpty());
  EXPECT_THAT(wrong(EwmaConfig{.limits = {2.9, {}}, .weight = 1.0, .warm_up = 0}),
              ElementsAre("limit:0", "weight:0", "warm_up:0"));
  EXPECT_THAT(wrong(CusumConfig{.drift = -1.0, .warm_up = 0, .target = 1.0, .relearns = true}),
              ElementsAre("drift:0", "warm_up:0", "spread:0", "relearn:0"));
  EXPECT_THAT(wrong(SeasonalConfig{.time_zone = "Mars/North", .memory = 1, .warm_up = 0}),
              ElementsAre("time_zone:0", "memory:0", "warm_up:0"));
  EXPECT_THAT(wrong(RangeConfig{.samples = 100, .smooth = 65, .warm_up = 101}),
              ElementsAre("smooth:0", "warm_up:0"));
}

}  // namespace
}  // namespace sluice
