// What hopping, session, count, sliding, calendar and global windows do; see window.h.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/windows/calendar_days.h"
#include "pipelines/windows/pane_layout.h"
#include "tests/unit/pipelines/window_fixture.h"

namespace sluice {
namespace {

using sluice::testing::at_ms;
using sluice::testing::copy_state;
using sluice::testing::must;
using sluice::testing::places;
using sluice::testing::WindowTest;
using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Windows : public WindowTest {
 protected:
  static WindowConfig of(WindowShape shape, std::int64_t size_ms = 0) {
    WindowConfig config;
    config.shape = shape;
    config.size = milliseconds(size_ms);
    config.key = "subject";
    config.emit = {{"sum", "sum(data.v)"}};
    return config;
  }
  static WindowConfig hopping(std::int64_t size, std::int64_t every) {
    WindowConfig config = of(WindowShape::hopping, size);
    config.every = milliseconds(every);
    return config;
  }
};

TEST_F(Windows, Hopping_ones_count_an_event_in_each_that_covers_it) {
  configure(hopping(10, 5));
  event("a", 3, 1);
  event("a", 7, 2);
  EXPECT_THAT(watermark(100), ElementsAre(R"(a [-5,5) #0 {"sum":1})", R"(a [0,10) #0 {"sum":3})",
                                          R"(a [5,15) #0 {"sum":2})"));
}

TEST_F(Windows, Hopping_ones_drop_what_falls_between_them) {
  configure(hopping(3, 10));
  event("a", 2, 1);
  event("a", 3, 2);
  event("a", 9, 4);
  EXPECT_EQ(out_.dropped["between_windows"], 2U);
  EXPECT_THAT(watermark(100), ElementsAre(R"(a [0,3) #0 {"sum":1})"));
}

TEST_F(Windows, Hopping_ones_keep_what_is_late_for_some_but_not_for_all) {
  configure(hopping(10, 5));
  EXPECT_THAT(watermark(12), IsEmpty());
  event("a", 7, 1);
  event("a", 4, 2);
  EXPECT_THAT(late(), ElementsAre(4));
  EXPECT_THAT(watermark(100), ElementsAre(R"(a [5,15) #0 {"sum":1})"));
}

TEST_F(Windows, By_its_own_time_an_event_behind_the_watermark_is_late_for_all) {
  for (WindowConfig config :
       {hopping(10, 5), of(WindowShape::tumbling, 10), of(WindowShape::session, 10)}) {
    config.late_by_event = true;
    configure(config);
    EXPECT_THAT(watermark(12), IsEmpty());
    event("a", 11, 1);
    event("a", 12, 2);
    EXPECT_THAT(late(), ElementsAre(11));
    out_.named[0].clear();
  }
}

TEST_F(Windows, Hopping_ones_are_bounded_by_their_panes) {
  WindowConfig config = hopping(10, 5);
  config.max_windows = 2;
  configure(config);
  for (const int ms : {1, 6, 11, 2}) event("a", ms, 1);
  EXPECT_EQ(out_.dropped["max_windows"], 1U);
  EXPECT_EQ(watermark(100).size(), 3U);
  event("a", 101, 1);
  EXPECT_EQ(watermark(200).size(), 2U);
}

TEST_F(Windows, Hopping_ones_give_their_memory_back) {
  configure(hopping(10, 5));
  event("warm-up", 1, 1);
  watermark(50);
  const std::size_t empty = step_->memory_bytes();
  for (int i = 0; i < 500; ++i) event("key-with-a-long-name-" + std::to_string(i), 60 + i % 20, i);
  const std::size_t full = step_->memory_bytes();
  EXPECT_GT(full, empty + 500 * 64);
  watermark(1000);
  EXPECT_LT(step_->memory_bytes(), full - 500 * 64);
}

TEST(HoppingLayout, Has_as_few_panes_as_can_be_and_each_window_is_a_whole_number_of_them) {
  for (std::int64_t size = 1; size <= 24; ++size) {
    for (std::int64_t every = 1; every <= 24; ++every) {
      const HoppingLayout layout{Duration(size), Duration(every), Duration(every / 2)};
      for (std::int64_t ns = -60; ns < 60; ++ns) {
        const Timestamp time{Duration(ns)};
        const Span pane = layout.pane_of(time);
        ASSERT_TRUE(pane.contains(time));
        ASSERT_EQ(layout.pane_of(pane.start), pane);
        for (Timestamp end = layout.first_end(pane); end <= layout.last_end(pane);
             end += Duration(every)) {
          ASSERT_LE(layout.window(end).start, pane.start);
          ASSERT_GE(end, pane.end);
        }
        const auto windows = (layout.last_end(pane) - layout.first_end(pane)) / Duration(every) + 1;
        std::int64_t covering = 0;
        for (std::int64_t start = every / 2 - 200 * every; start <= ns; start += every) {
          if (ns < start + size) ++covering;
        }
        ASSERT_EQ(layout.first_end(pane) > layout.last_end(pane) ? 0 : windows, covering)
            << size << " every " << every << " at " << ns;
      }
    }
  }
}

TEST_F(Windows, Two_events_exactly_one_gap_apart_are_one_session) {
  configure(of(WindowShape::session, 10));
  event("a", 0, 1);
  event("a", 10, 2);
  event("a", 21, 4);
  EXPECT_THAT(watermark(100), ElementsAre(R"(a [0,20) #0 {"sum":3})", R"(a [21,31) #0 {"sum":4})"));
}

TEST_F(Windows, A_session_fires_when_the_watermark_reaches_its_end_however_it_grew) {
  configure(of(WindowShape::session, 10));
  event("a", 0, 1);
  event("a", 8, 2);
  EXPECT_THAT(watermark(10), IsEmpty());
  event("a", 16, 4);
  EXPECT_THAT(watermark(25), IsEmpty());
  EXPECT_THAT(watermark(26), ElementsAre(R"(a [0,26) #0 {"sum":7})"));
}

TEST_F(Windows, A_late_event_joins_sessions_that_have_fired_into_one_with_a_higher_revision) {
  WindowConfig config = of(WindowShape::session, 10);
  config.lateness = milliseconds(50);
  configure(config);
  event("a", 0, 1);
  event("a", 18, 2);
  EXPECT_THAT(watermark(30), ElementsAre(R"(a [0,10) #0 {"sum":1})", R"(a [18,28) #0 {"sum":2})"));
  event("a", 9, 4);
  EXPECT_THAT(watermark(30), ElementsAre(R"(a [0,28) #1 {"sum":7})"));
  restart();
  event("a", 27, 8);
  EXPECT_THAT(watermark(36), IsEmpty());
  EXPECT_THAT(watermark(37), ElementsAre(R"(a [0,37) #2 {"sum":15})"));
}

TEST_F(Windows, A_session_ends_at_its_greatest_length_and_sessions_never_overlap) {
  WindowConfig config = of(WindowShape::session, 10);
  config.max_length = milliseconds(25);
  configure(config);
  for (const int ms : {0, 8, 16, 24, 32}) event("a", ms, 1);
  event("a", -4, 100);  // the session would be too long with it
  EXPECT_THAT(watermark(100), ElementsAre(R"(a [-4,0) #0 {"sum":100})", R"(a [0,25) #0 {"sum":4})",
                                          R"(a [32,42) #0 {"sum":1})"));
}

TEST_F(Windows, Early_results_come_by_age_and_the_last_one_at_the_end) {
  WindowConfig config = of(WindowShape::tumbling, 100);
  config.early = milliseconds(10);
  configure(config);
  event("b", 1, 1);
  event("a", 2, 2);
  EXPECT_THAT(after(5), IsEmpty());
  EXPECT_EQ(step_->next_timer(), EngineTime{} + milliseconds(15));
  restart();
  EXPECT_THAT(after(9), IsEmpty());
  EXPECT_THAT(after(1),
              ElementsAre(R"(a [0,100) #0 early {"sum":2})", R"(b [0,100) #0 early {"sum":1})"));
  EXPECT_EQ(step_->next_timer(), std::nullopt);
  EXPECT_THAT(after(50), IsEmpty()) << "there is nothing new";
  event("a", 3, 4);
  EXPECT_THAT(watermark(100),
              ElementsAre(R"(a [0,100) #1 {"sum":6})", R"(b [0,100) #1 {"sum":1})"));
}

TEST_F(Windows, Keys_that_come_and_go_before_an_early_result_take_no_room) {
  WindowConfig config = of(WindowShape::tumbling, 10);
  config.early = milliseconds(1'000'000);
  configure(config);
  const auto rounds = [this](int from, int to) {
    for (int i = from; i < to; ++i) {
      event("a", 10 * i, 1);
      EXPECT_EQ(watermark(10 * i + 10).size(), 1U);
      EXPECT_THAT(after(0), IsEmpty());
    }
    return step_->memory_bytes();
  };
  const std::size_t early = rounds(0, 2000);
  EXPECT_LE(rounds(2000, 10'000), early);
}

TEST_F(Windows, Early_results_come_by_number_once_a_block) {
  WindowConfig config = of(WindowShape::session, 100);
  config.early_count = 2;
  config.accumulating = false;
  configure(config);
  event("a", 1, 1);
  EXPECT_THAT(after(1), IsEmpty());
  event("a", 2, 2);
  event("a", 3, 4);
  EXPECT_THAT(after(1), ElementsAre(R"(a [1,103) #0 early {"sum":7})"));
  event("a", 4, 8);
  EXPECT_THAT(after(1), IsEmpty());
  EXPECT_THAT(watermark(200), ElementsAre(R"(a [1,104) #1 {"sum":8})"));
}

TEST_F(Windows, The_global_one_has_no_bounds_and_lives_on) {
  WindowConfig config = of(WindowShape::global);
  config.early_count = 2;
  configure(config);
  event("a", 7, 1);
  event("a", 3, 2);
  step_->advance_watermark(at_ms(1'000'000), out_);
  step_->advance_time({}, out_);
  ASSERT_EQ(out_.emitted.size(), 1U);
  EXPECT_EQ(out_.emitted[0]->time, at_ms(7));
  EXPECT_THAT(results(), ElementsAre(R"(a #0 early {"sum":3})"));
  restart();
  event("a", 9, 4);
  event("a", 9, 8);
  EXPECT_THAT(after(1), ElementsAre(R"(a #1 early {"sum":15})"));
}

TEST_F(Windows, Count_windows_tell_the_first_and_the_last_time) {
  WindowConfig config = of(WindowShape::count);
  config.count = 3;
  configure(config);
  event("a", 9, 1);
  event("b", 1, 8);
  event("a", 5, 2);
  event("a", 7, 4);
  EXPECT_THAT(results(), ElementsAre(R"(a [5,9) #0 {"sum":7})"));
  EXPECT_THAT(step_->outputs(), IsEmpty()) << "no event is late";
}

TEST_F(Windows, Count_windows_are_bounded_by_their_keys) {
  WindowConfig config = of(WindowShape::count);
  config.count = 2;
  config.max_keys = 1;
  configure(config);
  event("a", 1, 1);
  event("b", 1, 1);
  event("a", 2, 1);
  event("b", 3, 1);
  EXPECT_EQ(out_.dropped["max_keys"], 1U);
  EXPECT_EQ(results().size(), 1U);
}

TEST_F(Windows, Sliding_ones_are_of_each_event_with_those_in_the_time_before_it) {
  configure(of(WindowShape::sliding, 10));
  event("a", 20, 1);
  event("a", 10, 2);
  event("a", 9, 4);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [-1,9) #0 {"sum":4})"));
  EXPECT_THAT(watermark(20), ElementsAre(R"(a [0,10) #0 {"sum":6})"));
  event("a", 20, 8);
  EXPECT_THAT(watermark(21), ElementsAre(R"(a [10,20) #0 {"sum":11})"));
  event("a", 10, 16);  // its own window is told; it could be in those up to 20 only
  EXPECT_THAT(late(), ElementsAre(10));
}

// Hours after the epoch.
Span day_of(std::string_view zone, Duration size, Duration offset, std::int64_t hour) {
  const auto days = CalendarDays::make(size, offset, std::string(zone));
  EXPECT_TRUE(days.is_ok());
  return (*days)->span_of(Timestamp(hours(hour)));
}
Timestamp parse(std::string_view text) {
  const auto time = parse_timestamp(text);
  EXPECT_TRUE(time.is_ok());
  return *time;
}
Span day_of(std::string_view zone, Duration size, Duration offset, std::string_view time) {
  return day_of(zone, size, offset, parse(time).time_since_epoch() / hours(1));
}
Span span(std::string_view start, std::string_view end) { return {parse(start), parse(end)}; }

TEST(CalendarDays, Begin_by_the_clock_on_the_wall) {
  EXPECT_EQ(day_of("Europe/Berlin", hours(24), Duration{0}, "2026-01-10T23:00:00Z"),
            span("2026-01-10T23:00:00Z", "2026-01-11T23:00:00Z"));
  EXPECT_EQ(day_of("Europe/Berlin", hours(24), hours(6), "2026-07-10T03:00:00Z"),
            span("2026-07-09T04:00:00Z", "2026-07-10T04:00:00Z"));
}

TEST(CalendarDays, Have_23_or_25_hours_when_the_clocks_change) {
  EXPECT_EQ(day_of("Europe/Berlin", hours(24), Duration{0}, "2026-03-29T12:00:00Z"),
            span("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"));
  EXPECT_EQ(day_of("Europe/Berlin", hours(24), Duration{0}, "2026-10-25T12:00:00Z"),
            span("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"));
  // Begins in the hour that comes twice: at the first of the two.
  EXPECT_EQ(day_of("Europe/Berlin", hours(24), hours(2), "2026-10-25T01:00:00Z").start,
            parse("2026-10-25T00:00:00Z"));
  // Begins in the hour that there is not: when the clocks jump over it.
  EXPECT_EQ(day_of("Europe/Berlin", hours(24), hours(2), "2026-03-29T03:00:00Z").start,
            parse("2026-03-29T01:00:00Z"));
}

TEST(CalendarDays, Shorter_windows_begin_anew_each_day) {
  EXPECT_EQ(day_of("Asia/Shanghai", hours(5), Duration{0}, "2026-07-10T15:00:00Z"),
            span("2026-07-10T12:00:00Z", "2026-07-10T16:00:00Z"));
}

TEST(CalendarDays, Cover_every_hour_once) {
  for (const std::string_view zone : {"Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu",
                                      "Pacific/Apia", "Australia/Lord_Howe", "UTC"}) {
    for (const Duration size : {Duration(hours(24)), Duration(hours(168)), Duration(hours(7))}) {
      Span last{};
      for (std::int64_t hour = 330'000; hour < 332'000; ++hour) {  // from August 2007
        const Span found = day_of(zone, size, hours(1), hour);
        ASSERT_TRUE(found.contains(Timestamp(hours(hour)))) << zone << " " << hour;
        if (found != last && last != Span{}) {
          ASSERT_EQ(found.start, last.end) << zone << " " << hour;
        }
        last = found;
      }
    }
  }
}

TEST_F(Windows, All_errors_of_a_shape_are_told) {
  const auto wrong = [](WindowConfig config) { return places(make_window(config)); };
  EXPECT_THAT(wrong(hopping(10, 0)), ElementsAre("every:0"));
  WindowConfig config = hopping(10, 5);
  config.offset = milliseconds(5);
  config.early_count = 1;
  EXPECT_THAT(wrong(config), ElementsAre("offset:0", "early_count:0"));
  config = of(WindowShape::session, 10);
  config.max_length = milliseconds(9);
  config.offset = milliseconds(1);
  EXPECT_THAT(wrong(config), ElementsAre("max_length:0", "offset:0"));
  config = of(WindowShape::count);
  EXPECT_THAT(wrong(config), ElementsAre("count:0"));
  config.count = 10;
  config.count_every = 11;
  config.lateness = milliseconds(1);
  EXPECT_THAT(wrong(config), ElementsAre("every:0", "lateness:0"));
  config = of(WindowShape::count);
  config.count = 2001;
  config.count_every = 2;
  EXPECT_THAT(wrong(config), ElementsAre("every:0"));
  EXPECT_THAT(wrong(of(WindowShape::global)), ElementsAre("global:0"));
  config = of(WindowShape::sliding, 10);
  config.accumulating = false;
  EXPECT_THAT(wrong(config), ElementsAre("accumulating:0"));
  config = of(WindowShape::tumbling, 10);
  config.time_zone = "Europe/Atlantis";
  EXPECT_THAT(wrong(config), ElementsAre("time_zone:0"));
  config.time_zone = "Europe/Berlin";
  config.size = hours(36);
  EXPECT_THAT(wrong(config), ElementsAre("time_zone:0"));
}

TEST_F(Windows, A_damaged_slice_is_refused_by_every_shape) {
  WindowConfig count = of(WindowShape::count);
  count.count = 3;
  for (const WindowConfig& config :
       {hopping(10, 5), of(WindowShape::session, 10), of(WindowShape::sliding, 10), count}) {
    configure(config);
    event("a", 1, 1);
    event("a", 2, 1);
    step_->begin_snapshot();
    std::string slice;
    ASSERT_TRUE(step_->save_slice(1 << 16, slice));
    ASSERT_TRUE(must(make_window(config))->load_slice(slice).is_ok());
    EXPECT_FALSE(must(make_window(config))->load_slice(slice.substr(0, slice.size() - 1)).is_ok());
    EXPECT_FALSE(must(make_window(config))->load_slice(slice + '\0').is_ok());
    slice[0] = 99;
    EXPECT_EQ(must(make_window(config))->load_slice(slice).error().kind, ErrorKind::corrupt);
  }
}

}  // namespace
}  // namespace sluice
