#include "pipelines/steps/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Event* with_list(Arena& arena, std::span<const Value> items) {
  Event* event = make_event(
      arena, {{"unit", Value::string("C")}, {"readings", Value::list(arena.copy(items))}});
  event->id = "box/7";
  event->subject = "hall";
  return event;
}

std::vector<std::string> data_of(const std::vector<Event*>& events) {
  std::vector<std::string> found;
  for (const Event* event : events) found.push_back(to_json(event->data));
  return found;
}

TEST(Split, Each_element_is_an_event_that_knows_where_it_comes_from) {
  const auto step = must(make_split({"data.readings", ""}));
  Recording out;
  const Value items[] = {Value::integer(1), Value::string("two"), Value::null()};
  Event* event = with_list(out.arena(), items);
  step->process(std::span<Event* const>(&event, 1), out);
  const auto parts = out.take();
  EXPECT_THAT(data_of(parts), ElementsAre("1", "\"two\"", "null"));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i]->subject, "hall");
    EXPECT_FALSE(parts[i]->is_unchanged);
    EXPECT_FALSE(parts[i]->has_payload);
    EXPECT_EQ(find_extension(*parts[i], "splitindex")->as_int(), static_cast<std::int64_t>(i));
    EXPECT_EQ(find_extension(*parts[i], "splitcount")->as_int(), 3);
    EXPECT_EQ(find_extension(*parts[i], "causationid")->as_text(), "box/7");
    EXPECT_EQ(find_extension(*parts[i], "correlationid")->as_text(), "box/7");
  }
}

TEST(Split, Into_a_field_the_rest_of_the_data_goes_with_each_element) {
  const auto step = must(make_split({"data.readings", "data.reading.v"}));
  Recording out;
  const Value items[] = {Value::integer(1), Value::integer(2)};
  Event* event = with_list(out.arena(), items);
  step->process(std::span<Event* const>(&event, 1), out);
  EXPECT_THAT(data_of(out.take()), ElementsAre(R"({"unit":"C","reading":{"v":1}})",
                                               R"({"unit":"C","reading":{"v":2}})"));
}

TEST(Split, A_correlation_that_is_there_stays_and_a_part_of_a_part_has_its_own_place) {
  const auto step = must(make_split({"data.readings", ""}));
  Recording out;
  const Value items[] = {Value::integer(1)};
  Event* event = with_list(out.arena(), items);
  const Attribute set[] = {{"correlationid", Value::string("c")},
                           {"causationid", Value::string("old")},
                           {"splitindex", Value::integer(9)}};
  event->extensions = set;
  step->process(std::span<Event* const>(&event, 1), out);
  const Event& part = *out.take().at(0);
  EXPECT_EQ(find_extension(part, "correlationid")->as_text(), "c");
  EXPECT_EQ(find_extension(part, "causationid")->as_text(), "box/7");
  EXPECT_EQ(find_extension(part, "splitindex")->as_int(), 0);
  EXPECT_EQ(part.extensions.size(), 4u);
}

TEST(Split, Nothing_leaves_of_what_is_empty_no_list_or_too_long) {
  const auto step = must(make_split({"data.readings", ""}));
  Recording out;
  const std::vector<Value> many(1001, Value::integer(1));
  std::vector<Event*> events = {with_list(out.arena(), {}), with_list(out.arena(), many),
                                make_event(out.arena(), {{"readings", Value::integer(1)}}),
                                make_event(out.arena(), {{"other", Value::integer(1)}})};
  step->process(events, out);
  EXPECT_TRUE(out.take().empty());
  EXPECT_EQ(out.dropped["empty_list"], 1u);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("longer than 1000"), HasSubstr("of type int"),
                                       HasSubstr("split.list: ")));
}

TEST(Split, Each_wrong_option_is_told) {
  EXPECT_THAT(places(make_split({"data.a +", "topic"})),
              ElementsAre(::testing::StartsWith("list:"), "into:0"));
}

}  // namespace
}  // namespace sluice
