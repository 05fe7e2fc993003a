#include "pipelines/windows/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/windows/span.h"
#include "tests/unit/pipelines/window_fixture.h"

namespace sluice {
namespace {

using sluice::testing::at_ms;
using sluice::testing::make_event;
using sluice::testing::must;
using sluice::testing::places;
using sluice::testing::WindowTest;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

WindowConfig ten_ms() {
  WindowConfig config;
  config.size = milliseconds(10);
  config.key = "subject";
  config.emit = {{"sum", "sum(data.v)"}};
  return config;
}

class TumblingWindow : public WindowTest {
 protected:
  void SetUp() override { configure(ten_ms()); }
};

TEST_F(TumblingWindow, Fires_when_the_watermark_reaches_its_end_and_not_before) {
  event("a", 0, 1);
  event("a", 9, 2);
  event("a", 10, 4);
  EXPECT_THAT(watermark(9), IsEmpty());
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #0 {"sum":3})"));
  EXPECT_THAT(watermark(11), IsEmpty());
  EXPECT_THAT(watermark(20), ElementsAre(R"(a [10,20) #0 {"sum":4})"));
}

TEST_F(TumblingWindow, Its_event_has_the_attributes_that_a_receiver_needs) {
  event("room-1", 1234, 1);
  step_->advance_watermark(at_ms(5000), out_);
  const Event& result = *out_.emitted.at(0);
  EXPECT_EQ(result.type, "sluice.window");
  EXPECT_EQ(result.subject, "room-1");
  EXPECT_EQ(result.time, at_ms(1240));
  EXPECT_FALSE(result.is_unchanged);
  EXPECT_FALSE(result.has_payload);
  EXPECT_EQ(to_json(*find_extension(result, "windowstart")), "\"1970-01-01T00:00:01.23Z\"");
  EXPECT_EQ(to_json(*find_extension(result, "windowend")), "\"1970-01-01T00:00:01.24Z\"");
}

TEST_F(TumblingWindow, Windows_fire_in_the_order_of_their_end_and_then_of_the_key) {
  event("c", 15, 1);
  event("b", 5, 2);
  event("a", 15, 3);
  event("c", 5, 4);
  EXPECT_THAT(watermark(100),
              ElementsAre(R"(b [0,10) #0 {"sum":2})", R"(c [0,10) #0 {"sum":4})",
                          R"(a [10,20) #0 {"sum":3})", R"(c [10,20) #0 {"sum":1})"));
}

TEST_F(TumblingWindow, An_event_behind_the_watermark_counts_while_its_window_is_open) {
  EXPECT_THAT(watermark(5), IsEmpty());
  event("a", 2, 1);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #0 {"sum":1})"));
}

TEST_F(TumblingWindow, A_late_event_goes_to_the_output_late_unchanged) {
  EXPECT_THAT(step_->outputs(), ElementsAre("late"));
  event("a", 5, 1);
  EXPECT_THAT(watermark(10).size(), 1U);
  event("a", 9, 2);
  ASSERT_EQ(out_.named[0].size(), 1U);
  EXPECT_EQ(out_.named[0][0]->time, at_ms(9));
  EXPECT_TRUE(out_.named[0][0]->is_unchanged);
  EXPECT_THAT(watermark(100), IsEmpty());
}

TEST_F(TumblingWindow, Within_the_lateness_a_window_fires_again_once_a_block_with_all_its_events) {
  WindowConfig config = ten_ms();
  config.lateness = milliseconds(5);
  configure(config);
  event("a", 5, 1);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #0 {"sum":1})"));
  event("a", 6, 2);
  event("a", 7, 4);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #1 {"sum":7})"));
  EXPECT_THAT(watermark(14), IsEmpty());
  event("a", 8, 8);
  EXPECT_THAT(watermark(15), ElementsAre(R"(a [0,10) #2 {"sum":15})"));
  event("a", 8, 16);
  EXPECT_EQ(out_.named[0].size(), 1U);
}

TEST_F(TumblingWindow, A_discarding_window_gives_only_what_is_new) {
  WindowConfig config = ten_ms();
  config.lateness = milliseconds(5);
  config.accumulating = false;
  configure(config);
  event("a", 5, 1);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #0 {"sum":1})"));
  event("a", 6, 2);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #1 {"sum":2})"));
  event("a", 7, Value::null());
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #2 {"sum":null})"));
}

TEST_F(TumblingWindow, A_window_that_opens_behind_the_watermark_but_within_lateness_fires) {
  WindowConfig config = ten_ms();
  config.lateness = milliseconds(50);
  configure(config);
  EXPECT_THAT(watermark(40), IsEmpty());
  event("a", 5, 1);
  EXPECT_THAT(watermark(40), ElementsAre(R"(a [0,10) #0 {"sum":1})"));
}

TEST_F(TumblingWindow, A_watermark_that_goes_back_changes_nothing) {
  event("a", 5, 1);
  EXPECT_EQ(watermark(10).size(), 1U);
  EXPECT_THAT(watermark(0), IsEmpty());
  event("a", 5, 1);
  EXPECT_EQ(out_.named[0].size(), 1U);
}

TEST_F(TumblingWindow, Without_a_key_there_is_one_window_for_all) {
  WindowConfig config = ten_ms();
  config.key = "";
  configure(config);
  event("a", 1, 1);
  event("b", 2, 2);
  EXPECT_THAT(watermark(10), ElementsAre(R"( [0,10) #0 {"sum":3})"));
}

TEST_F(TumblingWindow, A_key_may_be_a_number_or_a_list_and_equal_numbers_are_one_key) {
  WindowConfig config = ten_ms();
  config.key = "data.v";
  config.emit = {{"n", "count()"}};
  configure(config);
  const std::vector<Value> list{Value::integer(1), Value::string("x")};
  event("", 1, Value::integer(2));
  event("", 2, Value::number(2.0));
  event("", 3, Value::list(list));
  event("", 3, Value::null());
  EXPECT_THAT(watermark(10), UnorderedElementsAre(R"( [0,10) #0 {"n":1})", R"(2 [0,10) #0 {"n":2})",
                                                  R"([1,"x"] [0,10) #0 {"n":1})"));
  event("", 11, make_event(out_.arena(), {{"x", Value::integer(1)}})->data);
  EXPECT_THAT(out_.reasons, ElementsAre(HasSubstr("of type map cannot be a key")));
}

TEST_F(TumblingWindow, A_key_that_is_too_long_fails_the_event) {
  event(std::string(2000, 'k'), 1, 1);
  EXPECT_THAT(out_.reasons, ElementsAre("key: it has more than 1024 bytes"));
  EXPECT_THAT(watermark(10), IsEmpty());
}

TEST_F(TumblingWindow, Says_whether_it_looks_at_the_data) {
  WindowConfig config = ten_ms();
  EXPECT_TRUE(must(make_window(config))->uses_data());
  config.emit = {{"n", "count()"}};
  EXPECT_FALSE(must(make_window(config))->uses_data());
}

TEST_F(TumblingWindow, An_event_that_fails_on_one_field_changes_none) {
  WindowConfig config = ten_ms();
  config.emit = {{"n", "count()"}, {"sum", "sum(data.v)"}};
  configure(config);
  event("a", 1, Value::string("hot"));
  event("a", 2, 5);
  EXPECT_EQ(out_.failed.size(), 1U);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #0 {"n":1,"sum":5})"));
}

TEST_F(TumblingWindow, What_an_aggregate_leaves_out_is_counted) {
  WindowConfig config = ten_ms();
  config.emit = {{"two", "collect(data.v, 2)"}};
  configure(config);
  for (int i = 0; i < 5; ++i) event("a", i, i);
  event("a", 5, Value::null());
  EXPECT_EQ(out_.counted["full_collection"], 3U);
  EXPECT_EQ(out_.counted["absent_value"], 1U);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #0 {"two":[0,1]})"));
}

TEST_F(TumblingWindow, A_new_key_beyond_the_bound_is_dropped_until_a_window_closes) {
  WindowConfig config = ten_ms();
  config.max_keys = 2;
  configure(config);
  event("a", 1, 1);
  event("b", 1, 1);
  event("c", 1, 1);
  event("a", 2, 1);
  EXPECT_EQ(out_.dropped["max_keys"], 1U);
  EXPECT_EQ(watermark(10).size(), 2U);
  event("c", 11, 1);
  EXPECT_EQ(out_.dropped["max_keys"], 1U);
}

TEST_F(TumblingWindow, A_key_that_jumps_through_time_opens_no_more_windows_than_allowed) {
  WindowConfig config = ten_ms();
  config.max_windows = 3;
  configure(config);
  for (const int ms : {500, 5, 300, 100, 7, 200}) event("a", ms, 1);
  event("b", 5, 1);
  EXPECT_EQ(out_.dropped["max_windows"], 3U);
  EXPECT_THAT(watermark(1000),
              ElementsAre(R"(a [0,10) #0 {"sum":2})", R"(a [300,310) #0 {"sum":1})",
                          R"(a [500,510) #0 {"sum":1})"));
  event("b", 1005, 1);
  EXPECT_EQ(watermark(2000).size(), 1U);
}

TEST_F(TumblingWindow, Gives_its_memory_back_when_its_windows_are_closed) {
  event("warm-up", 1, 1);
  watermark(10);
  const std::size_t empty = step_->memory_bytes();
  for (int i = 0; i < 1000; ++i) event("key-with-a-long-name-" + std::to_string(i), 15, i);
  const std::size_t full = step_->memory_bytes();
  EXPECT_GT(full, empty + 1000 * 64);
  EXPECT_EQ(watermark(20).size(), 1000U);
  const std::size_t purged = step_->memory_bytes();
  EXPECT_LT(purged, full);
  for (int i = 0; i < 1000; ++i) event("key-with-a-long-name-" + std::to_string(i), 25, i);
  EXPECT_LT(step_->memory_bytes(), full + full / 10) << "a second round reuses what the first had";
}

TEST_F(TumblingWindow, After_a_restart_it_goes_on_where_it_was) {
  WindowConfig config = ten_ms();
  config.lateness = milliseconds(10);
  configure(config);
  event("a", 5, 1);
  event("b", 15, 2);
  EXPECT_EQ(watermark(12).size(), 1U);
  event("a", 6, 4);  // not told yet when the snapshot is made
  restart();
  EXPECT_THAT(watermark(12), ElementsAre(R"(a [0,10) #1 {"sum":5})"));
  event("a", 7, 8);
  EXPECT_THAT(watermark(20), ElementsAre(R"(a [0,10) #2 {"sum":13})", R"(b [10,20) #0 {"sum":2})"));
  restart();
  event("a", 8, 8);
  EXPECT_EQ(out_.named[0].size(), 1U) << "the watermark is part of the state";
}

TEST_F(TumblingWindow, A_snapshot_holds_nothing_of_what_came_after_it_began) {
  event("a", 1, 1);
  event("b", 2, 2);
  step_->begin_snapshot();
  event("a", 3, 100);
  event("c", 4, 100);
  EXPECT_EQ(watermark(10).size(), 3U);
  auto restored = must(make_window(config_));
  for (bool is_last = false; !is_last;) {
    std::string slice;
    is_last = step_->save_slice(1, slice);
    ASSERT_TRUE(restored->load_slice(slice).is_ok());
  }
  step_ = std::move(restored);
  EXPECT_THAT(watermark(10), ElementsAre(R"(a [0,10) #0 {"sum":1})", R"(b [0,10) #0 {"sum":2})"));
}

TEST_F(TumblingWindow, A_damaged_slice_is_refused) {
  event("a", 1, 1);
  step_->begin_snapshot();
  std::string slice;
  ASSERT_TRUE(step_->save_slice(1 << 16, slice));
  for (std::size_t length = 0; length < slice.size(); ++length) {
    // Cut behind the header, a slice is one without keys.
    auto other = must(make_window(config_));
    const auto loaded = other->load_slice(std::string_view(slice).substr(0, length));
    if (loaded.is_ok()) other->advance_watermark(at_ms(1000), out_);
    EXPECT_THAT(out_.take(), IsEmpty()) << length;
  }
  std::string unknown = slice;
  unknown[0] = 99;
  EXPECT_EQ(must(make_window(config_))->load_slice(unknown).error().kind, ErrorKind::corrupt);
}

TEST(WindowConfiguration, All_errors_are_told_at_once_with_their_place) {
  WindowConfig config;
  config.size = milliseconds(10);
  config.offset = milliseconds(-10);
  config.key = "subject +";
  config.lateness = milliseconds(-1);
  config.max_keys = 0;
  config.emit = {{"mean", "avg(data.temperature"}, {"n", "counter()"}};
  const auto found = places(make_window(config));
  EXPECT_THAT(found, UnorderedElementsAre("offset:0", ::testing::StartsWith("key:"), "lateness:0",
                                          "max_keys:0", "emit.mean:3", "emit.n:0"));
  EXPECT_THAT(places(make_window({})), UnorderedElementsAre("tumbling:0", "emit:0"));
}

TEST(TumblingSpan, Holds_its_time_and_starts_at_the_offset) {
  const auto span = [](std::int64_t time, std::int64_t size, std::int64_t offset) {
    const Span found = tumbling_span(at_ms(time), milliseconds(size), milliseconds(offset));
    return std::pair{found.start.time_since_epoch() / milliseconds(1),
                     found.end.time_since_epoch() / milliseconds(1)};
  };
  using Bounds = std::pair<std::int64_t, std::int64_t>;
  EXPECT_EQ(span(0, 10, 0), (Bounds{0, 10}));
  EXPECT_EQ(span(9, 10, 0), (Bounds{0, 10}));
  EXPECT_EQ(span(10, 10, 0), (Bounds{10, 20}));
  EXPECT_EQ(span(-1, 10, 0), (Bounds{-10, 0}));
  EXPECT_EQ(span(-10, 10, 0), (Bounds{-10, 0}));
  EXPECT_EQ(span(0, 10, 3), (Bounds{-7, 3}));
  EXPECT_EQ(span(0, 10, -3), (Bounds{-3, 7}));
}

TEST(TumblingSpan, Stops_at_the_ends_of_time) {
  const Span first = tumbling_span(Timestamp::min(), std::chrono::hours(24), Duration{0});
  EXPECT_EQ(first.start, Timestamp::min());
  EXPECT_GT(first.end, first.start);
  const Span last = tumbling_span(Timestamp::max(), std::chrono::hours(24), Duration{0});
  EXPECT_EQ(last.end, Timestamp::max());
  EXPECT_LT(last.start, last.end);
}

}  // namespace
}  // namespace sluice
