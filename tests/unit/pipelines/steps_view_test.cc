#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "pipelines/steps/view.h"
#include "pipelines/tables/table_view.h"
#include "pipelines/value_identity.h"
#include "tests/unit/pipelines/step_rig.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ViewConfig config_of(std::vector<ViewColumn> columns = {}) {
  return {{"subject", {}}, "latest", std::move(columns)};
}

// key -> "time columns", read in pages of this size.
std::map<std::string, std::string> rows_of(const Step& step, std::size_t page_slots) {
  std::map<std::string, std::string> rows;
  Arena arena;
  for (std::optional<std::uint32_t> next = 0; next;) {
    const ViewPage page = step.view()->read_page(*next, page_slots, 1 << 20);
    for (const ViewRow& row : page.rows) {
      std::string_view bytes = arena.copy(row.columns);
      const bool is_new =
          rows.emplace(key_text(row.key, arena),
                       std::to_string(row.time.time_since_epoch() / std::chrono::milliseconds(1)) +
                           " " + to_json(*decode_value(bytes, arena)))
              .second;
      EXPECT_TRUE(is_new) << "a row came twice";
    }
    next = page.next;
  }
  return rows;
}

TEST(View, Agrees_with_the_latest_event_of_each_key_also_after_crashes) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    StepRig rig(seed, [] { return make_view(config_of({{"twice", "data.v * 2"}})); });
    std::map<std::string, std::pair<std::int64_t, std::int64_t>> latest;
    std::size_t failing = 0;
    for (int block = 0; block < 100; ++block) {
      std::vector<Event*> events;
      std::vector<Event*> passing;
      for (std::int64_t i = rig.pick(0, 5); i > 0; --i) {
        const std::string key = std::to_string(rig.pick(0, 12));
        const std::int64_t ms = block * 10 - rig.pick(0, 40);
        const std::int64_t v = rig.pick(0, 999);
        const bool fails = rig.one_in(20);
        events.push_back(
            make_event(rig.arena(), key, ms, fails ? Value::string("?") : Value::integer(v)));
        // A row that would not change is not looked at.
        const auto known = latest.find(key);
        const bool is_last = known == latest.end() || ms >= known->second.first;
        if (fails && is_last) {
          ++failing;
          continue;
        }
        passing.push_back(events.back());
        if (is_last) latest[key] = {ms, v};
      }
      ASSERT_EQ(rig.run(std::move(events), block * 10), passing);
      std::map<std::string, std::string> expected;
      for (const auto& [key, row] : latest) {
        expected[key] =
            std::to_string(row.first) + R"( {"twice":)" + std::to_string(row.second * 2) + "}";
      }
      ASSERT_EQ(rows_of(rig.step(), static_cast<std::size_t>(rig.pick(1, 5))), expected);
    }
    EXPECT_EQ(rig.out().failed.size(), failing);
    rig.expect_balance();
  }
}

TEST(View, One_row_is_found_by_its_key) {
  const auto step = must(make_view(config_of()));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 7, Value::integer(1))};
  step->process(events, out);
  std::string key;
  append_identity(key, Value::string("a"));
  EXPECT_EQ(step->view()->read_row(key)->time, at_ms(7));
  EXPECT_FALSE(step->view()->read_row("b").has_value());
  EXPECT_EQ(step->view()->view_name(), "latest");
  EXPECT_EQ(step->view()->row_count(), 1u);
}

TEST(View, A_page_ends_at_its_bounds) {
  const auto step = must(make_view(config_of()));
  Recording out;
  std::vector<Event*> events;
  for (int i = 0; i < 10; ++i) {
    events.push_back(make_event(out.arena(), std::to_string(i), 1,
                                Value::string(out.arena().copy(std::string(1000, 'x')))));
  }
  step->process(events, out);
  EXPECT_EQ(step->view()->read_page(0, 3, 1 << 20).rows.size(), 3u);
  const ViewPage page = step->view()->read_page(3, 100, 2500);
  EXPECT_EQ(page.rows.size(), 3u);
  EXPECT_EQ(page.next, 6u);
  EXPECT_EQ(step->view()->read_page(6, 100, 1 << 20).next, std::nullopt);
  EXPECT_TRUE(step->view()->read_page(100, 100, 1 << 20).rows.empty());
}

TEST(View, Rows_are_bounded_in_number_and_bytes_and_no_event_is_refused) {
  ViewConfig config = config_of();
  config.keyed.bounds.max_keys = 50;
  config.keyed.bounds.max_memory = std::size_t{1} << 20;
  config.keyed.bounds.when_full = WhenFull::refuse;  // a view never does
  const auto step = must(make_view(config));
  std::mt19937 random(3);
  for (int block = 0; block < 100; ++block) {
    const unsigned largest = block < 50 ? 60'000 : 50;  // first memory is short, then keys
    Recording out;
    std::vector<Event*> events;
    for (int i = 0; i < 20; ++i) {
      events.push_back(
          make_event(out.arena(), std::to_string(random() % 1000), block,
                     Value::string(out.arena().copy(std::string(random() % largest, 'x')))));
    }
    if (block % 10 == 0) step->begin_snapshot();
    step->process(events, out);
    EXPECT_EQ(out.take().size(), events.size());
    ASSERT_LE(step->view()->row_count(), 50u);
    ASSERT_LE(step->memory_bytes(), step->memory_limit());
  }
}

TEST(View, A_row_that_is_too_large_fails) {
  const auto step = must(make_view(config_of()));
  Recording out;
  const std::string big(70'000, 'x');
  std::vector<Event*> events = {make_event(out.arena(), "a", 1, Value::string(big))};
  step->process(events, out);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("64 KiB")));
  EXPECT_EQ(step->view()->row_count(), 0u);
}

TEST(View, A_row_that_is_nested_too_deep_fails) {
  const auto step = must(make_view(config_of()));
  Recording out;
  Value deep = Value::integer(0);
  for (int i = 0; i < max_value_depth; ++i) deep = Value::list({out.arena().make(deep), 1});
  std::vector<Event*> events = {make_event(out.arena(), "a", 1, deep)};
  step->process(events, out);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("nested too deep")));
  EXPECT_EQ(step->view()->row_count(), 0u);
}

TEST(View, What_comes_late_is_counted_and_a_wrong_clock_holds_nothing_back) {
  const auto step = must(make_view(config_of()));
  Recording out;
  const std::int64_t now = 1'000'000;
  const std::int64_t ahead = 5 * 60 * 1000;
  const auto send = [&](std::int64_t ms, std::int64_t v) {
    Event* event = make_event(out.arena(), "a", ms, Value::integer(v));
    event->received = at_ms(now);
    step->process(std::span<Event* const>(&event, 1), out);
    return rows_of(*step, 1)["a"];
  };
  send(now + ahead, 1);
  EXPECT_EQ(send(now, 2), R"(1300000 {"v":1})");
  EXPECT_EQ(out.counted["out_of_order"], 1u);
  send(now + ahead + 1, 3);
  EXPECT_EQ(send(now, 4), R"(1000000 {"v":4})");
  EXPECT_EQ(send(now - 1, 5), R"(1000000 {"v":4})");
  EXPECT_EQ(out.counted["out_of_order"], 2u);
  EXPECT_EQ(out.emitted.size(), 5u);
}

TEST(View, Events_that_never_arrived_are_told_apart_by_their_times) {
  const auto step = must(make_view(config_of()));
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "a", 2'000'000, Value::integer(1)),
                                make_event(out.arena(), "a", 1'000'000, Value::integer(2))};
  step->process(events, out);
  EXPECT_EQ(rows_of(*step, 1)["a"], R"(2000000 {"v":1})");
}

TEST(View, Each_wrong_option_is_told) {
  ViewConfig config = config_of({{"a", "data.x +"}, {"b", "data.x"}, {"b", "data.y"}});
  config.name = "a/b";
  config.keyed.key = "subject +";
  EXPECT_THAT(places(make_view(config)),
              ElementsAre(::testing::StartsWith("key:"), "name:0",
                          ::testing::StartsWith("columns.a:"), "columns.b:0"));
}

}  // namespace
}  // namespace sluice
