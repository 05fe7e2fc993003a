#include "pipelines/watermark.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace sluice {
namespace {

using std::chrono::seconds;

Timestamp at(std::int64_t second) { return Timestamp(seconds(second)); }
EngineTime engine(std::int64_t second) { return EngineTime{second * 1'000'000'000}; }

constexpr WatermarkConfig config{seconds(5), seconds(30), seconds(60)};

TEST(SourceWatermark, There_is_none_before_the_first_event) {
  EXPECT_EQ(SourceWatermark(config).watermark(), std::nullopt);
}

TEST(SourceWatermark, It_is_the_highest_event_time_less_the_disorder_and_never_goes_back) {
  SourceWatermark watermark(config);
  watermark.observe(at(100), at(100), true);
  EXPECT_EQ(watermark.watermark(), at(95));
  watermark.observe(at(70), at(101), true);
  EXPECT_EQ(watermark.watermark(), at(95));
  watermark.observe(at(103), at(102), true);
  EXPECT_EQ(watermark.watermark(), at(98));
}

TEST(SourceWatermark, The_clock_moves_that_of_a_source_whose_events_bring_no_time) {
  WatermarkConfig arrival = config;
  arrival.is_arrival = true;
  SourceWatermark watermark(arrival);
  watermark.observe(at(100), at(100), true);
  watermark.observe_clock(at(101), false);
  EXPECT_EQ(watermark.watermark(), at(95)) << "a block with events has their times";
  watermark.advance_time(engine(1), false);
  watermark.observe_clock(at(120), true);
  EXPECT_EQ(watermark.watermark(), at(95)) << "what we held back has older times";
  watermark.observe_clock(at(120), false);
  EXPECT_EQ(watermark.watermark(), at(120 - 1 - 5));
  watermark.observe_clock(at(60), false);
  EXPECT_EQ(watermark.watermark(), at(120 - 1 - 5)) << "it never goes back";
  EXPECT_EQ(watermark.clock_at(at(114), at(100)), at(120));
}

TEST(SourceWatermark, The_clock_does_not_move_event_time) {
  SourceWatermark watermark(config);
  watermark.observe(at(100), at(100), true);
  watermark.advance_time(engine(1), false);
  watermark.observe_clock(at(500), false);
  EXPECT_EQ(watermark.watermark(), at(95));
  EXPECT_EQ(watermark.clock_at(at(96), at(500)), std::nullopt);
}

TEST(SourceWatermark, After_a_silence_event_time_may_move_on_with_engine_time) {
  WatermarkConfig advancing = config;
  advancing.idle_advance = seconds(10);
  SourceWatermark watermark(advancing);
  watermark.advance_time(engine(1), false);
  EXPECT_EQ(watermark.watermark(), std::nullopt) << "there is no event time to move on from";
  watermark.observe(at(100), at(100), true);
  watermark.advance_time(engine(2), false);
  watermark.advance_time(engine(12), false);
  EXPECT_EQ(watermark.watermark(), at(95)) << "not silent for longer than that";
  EXPECT_EQ(watermark.clock_at(at(99), at(1000)), at(1004));
  watermark.advance_time(engine(15), false);
  EXPECT_EQ(watermark.watermark(), at(98));
  watermark.advance_time(engine(25), true);
  EXPECT_EQ(watermark.watermark(), at(98)) << "the gateway held the source back";

  std::string saved;
  watermark.save(saved);
  SourceWatermark restored(advancing);
  ASSERT_TRUE(restored.load(saved).is_ok());
  for (SourceWatermark* one : {&watermark, &restored}) {
    one->observe(at(90), at(130), true);
    one->advance_time(engine(26), false);
    EXPECT_EQ(one->watermark(), at(99)) << "the silence lasted until this block";
    one->advance_time(engine(30), false);
    EXPECT_EQ(one->watermark(), at(99)) << "and a new one has begun";
    one->observe(at(120), at(130), true);
    one->advance_time(engine(31), false);
    EXPECT_EQ(one->watermark(), at(115));
  }
}

TEST(SourceWatermark, A_time_in_the_future_counts_as_the_receive_time_and_the_bound) {
  SourceWatermark watermark(config);
  watermark.observe(at(1'000'000), at(100), true);
  EXPECT_EQ(watermark.watermark(), at(100 + 60 - 5));
  EXPECT_EQ(watermark.clamped_events(), 1U);
}

TEST(SourceWatermark, Nothing_is_the_future_while_the_clock_may_be_wrong) {
  SourceWatermark watermark(config);
  watermark.observe(at(1'000'000), at(100), false);
  EXPECT_EQ(watermark.watermark(), at(1'000'000 - 5));
  EXPECT_EQ(watermark.clamped_events(), 0U);
}

TEST(SourceWatermark, It_falls_idle_after_silence_and_wakes_with_the_next_event) {
  SourceWatermark watermark(config);
  watermark.observe(at(1), at(1), true);
  watermark.advance_time(engine(10), false);
  EXPECT_EQ(watermark.idle_at(), engine(40));
  watermark.advance_time(engine(39), false);
  EXPECT_FALSE(watermark.is_idle());
  watermark.advance_time(engine(40), false);
  EXPECT_TRUE(watermark.is_idle());
  EXPECT_EQ(watermark.idle_at(), std::nullopt);
  watermark.observe(at(2), at(41), true);
  EXPECT_FALSE(watermark.is_idle());
}

TEST(SourceWatermark, A_source_that_never_spoke_falls_idle_too) {
  SourceWatermark watermark(config);
  watermark.advance_time(engine(0), false);
  EXPECT_FALSE(watermark.is_idle());
  watermark.advance_time(engine(30), false);
  EXPECT_TRUE(watermark.is_idle());
}

TEST(SourceWatermark, Time_under_our_own_backpressure_is_no_silence) {
  SourceWatermark watermark(config);
  watermark.observe(at(1), at(1), true);
  watermark.advance_time(engine(0), false);
  watermark.advance_time(engine(1000), true);
  EXPECT_FALSE(watermark.is_idle());
  EXPECT_EQ(watermark.idle_at(), engine(1030));
  watermark.advance_time(engine(1030), false);
  EXPECT_TRUE(watermark.is_idle());
}

TEST(SourceWatermark, Without_a_time_out_it_is_never_idle) {
  SourceWatermark watermark({seconds(5), Duration{0}, seconds(60)});
  watermark.advance_time(engine(0), false);
  watermark.advance_time(engine(1'000'000), false);
  EXPECT_FALSE(watermark.is_idle());
  EXPECT_EQ(watermark.idle_at(), std::nullopt);
}

TEST(SourceWatermark, Its_saved_state_goes_on_where_it_was) {
  SourceWatermark watermark(config);
  watermark.observe(at(100), at(100), true);
  watermark.advance_time(engine(7), false);
  watermark.advance_time(engine(27), false);
  std::string saved;
  watermark.save(saved);
  SourceWatermark restored(config);
  ASSERT_TRUE(restored.load(saved).is_ok());
  EXPECT_EQ(restored.watermark(), at(95));
  EXPECT_EQ(restored.idle_at(), engine(37));
  restored.advance_time(engine(37), false);
  EXPECT_TRUE(restored.is_idle());
}

TEST(SourceWatermark, A_damaged_state_is_refused_and_changes_nothing) {
  SourceWatermark watermark(config);
  watermark.observe(at(100), at(100), true);
  std::string saved;
  watermark.save(saved);
  for (std::size_t length = 0; length < saved.size(); ++length) {
    EXPECT_FALSE(watermark.load(std::string_view(saved).substr(0, length)).is_ok()) << length;
  }
  EXPECT_EQ(watermark.watermark(), at(95));
}

std::optional<Timestamp> merge(MergedWatermark& merged, std::vector<WatermarkInput> inputs) {
  return merged.update(inputs).watermark;
}

TEST(MergedWatermark, The_lowest_of_those_not_idle_counts) {
  MergedWatermark merged;
  EXPECT_EQ(merge(merged, {{at(10), false}, {at(7), false}, {at(3), true}}), at(7));
}

TEST(MergedWatermark, An_input_that_has_not_spoken_holds_it_back_until_it_is_idle) {
  MergedWatermark merged;
  EXPECT_EQ(merge(merged, {{at(10), false}, {std::nullopt, false}}), std::nullopt);
  EXPECT_EQ(merge(merged, {{at(10), false}, {std::nullopt, true}}), at(10));
}

TEST(MergedWatermark, An_input_that_comes_back_does_not_turn_it_back) {
  MergedWatermark merged;
  EXPECT_EQ(merge(merged, {{at(10), false}, {at(3), true}}), at(10));
  EXPECT_EQ(merge(merged, {{at(11), false}, {at(4), false}}), at(10));
}

TEST(MergedWatermark, When_all_are_idle_the_highest_counts_in_whatever_order_they_fell_silent) {
  MergedWatermark one;
  merge(one, {{at(10), true}, {at(7), false}});
  EXPECT_EQ(merge(one, {{at(10), true}, {at(7), true}}), at(10));
  MergedWatermark other;
  merge(other, {{at(10), false}, {at(7), true}});
  EXPECT_EQ(merge(other, {{at(10), true}, {at(7), true}}), at(10));
  EXPECT_TRUE(other.input().is_idle);
}

TEST(MergedWatermark, Its_saved_state_does_not_go_back) {
  MergedWatermark merged;
  merge(merged, {{at(10), false}});
  std::string saved;
  merged.save(saved);
  MergedWatermark restored;
  ASSERT_TRUE(restored.load(saved).is_ok());
  EXPECT_EQ(merge(restored, {{at(5), false}}), at(10));
  EXPECT_FALSE(restored.load("").is_ok());
}

}  // namespace
}  // namespace sluice
