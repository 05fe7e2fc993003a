#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/filter.h"
#include "pipelines/map.h"
#include "pipelines/route.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using sluice::testing::at_ms;
using sluice::testing::make_event;
using sluice::testing::must;
using sluice::testing::places;
using sluice::testing::Recording;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

Event* reading(Arena& arena, Value temperature) {
  return make_event(arena, {{"temperature", temperature}, {"unit", Value::string("C")}});
}

void process(Step& step, Event* event, Recording& out) { step.process({&event, 1}, out); }

TEST(Filter, Passes_the_very_event_drops_it_or_fails_it) {
  const auto filter = must(make_filter({"data.temperature > 40.0"}));
  Recording out;
  Event* hot = reading(out.arena(), Value::number(41.0));
  process(*filter, hot, out);
  process(*filter, reading(out.arena(), Value::number(39.0)), out);
  process(*filter, reading(out.arena(), Value::string("hot")), out);
  process(*filter, make_event(out.arena(), {}), out);
  EXPECT_THAT(out.emitted, ElementsAre(hot));
  EXPECT_EQ(out.dropped["filter"], 1U);
  EXPECT_EQ(out.failed.size(), 2U);
  EXPECT_FALSE(out.reasons[0].empty());
}

TEST(Filter, A_value_that_is_no_bool_fails_the_event) {
  const auto filter = must(make_filter({"data.unit"}));
  Recording out;
  process(*filter, reading(out.arena(), Value::number(41.0)), out);
  ASSERT_EQ(out.reasons.size(), 1U);
  EXPECT_THAT(out.reasons[0], HasSubstr("string"));
}

TEST(Filter, A_condition_that_cannot_be_true_or_false_is_a_configuration_error) {
  EXPECT_THAT(places(make_filter({"1 + 2"})), ElementsAre("filter:0"));
  EXPECT_THAT(places(make_filter({"data.temperature >"})).size(), 1U);
}

TEST(Filter, Says_whether_it_looks_at_the_data) {
  EXPECT_TRUE(must(make_filter({"data.temperature > 40.0"}))->uses_data());
  EXPECT_FALSE(must(make_filter({"subject == 'a'"}))->uses_data());
}

TEST(Route, Sends_to_the_first_output_whose_condition_is_true_and_the_rest_on) {
  const auto route = must(
      make_route({{{"alarms", "data.temperature > 80.0"}, {"warm", "data.temperature > 40.0"}}}));
  EXPECT_THAT(route->outputs(), ElementsAre("alarms", "warm"));
  Recording out;
  Event* alarm = reading(out.arena(), Value::number(90.0));
  Event* warm = reading(out.arena(), Value::number(50.0));
  Event* cold = reading(out.arena(), Value::number(10.0));
  Event* broken = reading(out.arena(), Value::string("?"));
  for (Event* event : {alarm, warm, cold, broken}) process(*route, event, out);
  EXPECT_THAT(out.named[0], ElementsAre(alarm));
  EXPECT_THAT(out.named[1], ElementsAre(warm));
  EXPECT_THAT(out.emitted, ElementsAre(cold));
  EXPECT_THAT(out.failed, ElementsAre(broken));
  EXPECT_THAT(out.reasons[0], HasSubstr("route.alarms"));
}

TEST(Route, All_errors_of_its_configuration_are_told_at_once) {
  EXPECT_THAT(places(make_route({})), ElementsAre("route:0"));
  EXPECT_THAT(places(make_route({{{"a", "true"}, {"a", "true"}, {"b c", "true"}, {"d", "1"}}})),
              UnorderedElementsAre("route.a:0", "route.b c:0", "route.d:0"));
}

TEST(Map, Sets_from_the_event_as_it_came_in_after_removing_and_renaming) {
  MapConfig config;
  config.set = {{"data.temperature", "data.unit"}, {"data.old", "data.temperature"}};
  config.rename = {{"data.unit", "data.scale"}, {"data.absent", "data.never"}};
  config.remove = {"data.temperature"};
  const auto map = must(make_map(config));
  Recording out;
  Event* event = reading(out.arena(), Value::number(21.5));
  event->payload = "{}";
  event->has_payload = true;
  process(*map, event, out);
  ASSERT_EQ(out.emitted.size(), 1U);
  const Event& changed = *out.emitted[0];
  EXPECT_EQ(to_json(changed.data), R"({"scale":"C","temperature":"C","old":21.5})");
  EXPECT_FALSE(changed.has_payload);
  EXPECT_EQ(changed.payload, "");
  EXPECT_FALSE(changed.is_unchanged);
  EXPECT_EQ(to_json(event->data), R"({"temperature":21.5,"unit":"C"})");
  EXPECT_TRUE(event->has_payload);
}

TEST(Map, Renames_a_field_that_is_null) {
  const auto map = must(make_map({{}, {{"data.temperature", "data.t"}}, {}}));
  Recording out;
  process(*map, reading(out.arena(), Value::null()), out);
  EXPECT_EQ(to_json(out.emitted.at(0)->data), R"({"unit":"C","t":null})");
}

TEST(Map, Sets_and_removes_attributes) {
  const auto map = must(make_map({{{"subject", "data.unit"},
                                   {"type", "'acme.reading'"},
                                   {"time", "timestamp('2026-11-23T08:00:00Z')"}},
                                  {},
                                  {}}));
  Recording out;
  process(*map, reading(out.arena(), Value::number(1.0)), out);
  const Event& changed = *out.emitted.at(0);
  EXPECT_EQ(changed.subject, "C");
  EXPECT_EQ(changed.type, "acme.reading");
  EXPECT_EQ(changed.time, *parse_timestamp("2026-11-23T08:00:00Z"));

  const auto remove = must(make_map({{}, {}, {"subject"}}));
  process(*remove, out.emitted.at(0), out);
  EXPECT_EQ(out.emitted.at(1)->subject, "");
}

TEST(Map, An_event_on_which_something_fails_leaves_unchanged) {
  const auto wrong_type = must(make_map({{{"subject", "data.temperature"}}, {}, {}}));
  const auto no_map = must(make_map({{{"data.unit.name", "data.temperature"}}, {}, {}}));
  const auto absent = must(make_map({{{"data.x", "data.absent"}}, {}, {}}));
  Recording out;
  Event* event = reading(out.arena(), Value::number(1.0));
  for (Step* step : {wrong_type.get(), no_map.get(), absent.get()}) process(*step, event, out);
  EXPECT_TRUE(out.emitted.empty());
  EXPECT_THAT(out.failed, ElementsAre(event, event, event));
  EXPECT_THAT(out.reasons[0], HasSubstr("map.set.subject: needs a string or null"));
  EXPECT_THAT(out.reasons[1], HasSubstr("data.unit is of type string"));
  EXPECT_THAT(out.reasons[2], HasSubstr("map.set.data.x: "));
  EXPECT_EQ(to_json(event->data), R"({"temperature":1,"unit":"C"})");
}

TEST(Map, All_errors_of_its_configuration_are_told_at_once) {
  EXPECT_THAT(places(make_map({})), ElementsAre("map:0"));
  EXPECT_THAT(places(make_map({{{"id", "'x'"}, {"data.a", "1"}, {"data.a", "2"}},
                               {{"data", "data.b"}, {"data.c", "subject"}},
                               {"time"}})),
              UnorderedElementsAre("map.set.id:0", "map.set.data.a:0", "map.rename.data:0",
                                   "map.rename.data.c:0", "map.remove.time:0"));
}

}  // namespace
}  // namespace sluice
