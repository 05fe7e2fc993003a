#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/steps/enrich.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using namespace sluice::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// p7: a pump with a limit; 17: a fan.
EnrichConfig config_of(std::string key, std::string into, Refusal missing = Refusal::dead_letter) {
  auto table = std::make_unique<LookupTable>("devices.csv", "id");
  const MapEntry pump[] = {{Value::string("name"), Value::string("pump")},
                           {Value::string("limit"), Value::integer(80)}};
  const MapEntry fan[] = {{Value::string("name"), Value::string("fan")}};
  EXPECT_TRUE(table->add("p7", Value::map(pump)));
  EXPECT_TRUE(table->add("17", Value::map(fan)));
  EXPECT_FALSE(table->add("17", Value::map(pump)));
  return {std::move(table), std::move(key), std::move(into), missing};
}

std::vector<std::string> data_of(const std::vector<Event*>& events) {
  std::vector<std::string> found;
  for (const Event* event : events) found.push_back(to_json(event->data));
  return found;
}

TEST(Enrich, The_row_goes_to_its_path_and_the_event_is_changed) {
  const auto step = must(make_enrich(config_of("subject", "data.device")));
  Recording out;
  Event* event = make_event(out.arena(), "p7", 1, Value::integer(5));
  event->has_payload = true;
  event->payload = "{\"v\":5}";
  step->process(std::span<Event* const>(&event, 1), out);
  const auto emitted = out.take();
  EXPECT_THAT(data_of(emitted), ElementsAre(R"({"v":5,"device":{"name":"pump","limit":80}})"));
  EXPECT_FALSE(emitted[0]->is_unchanged);
  EXPECT_FALSE(emitted[0]->has_payload);
  EXPECT_EQ(to_json(event->data), R"({"v":5})");  // the one that came is as it was
}

TEST(Enrich, Into_data_columns_become_fields_in_the_place_of_those_of_the_same_name) {
  const auto step = must(make_enrich(config_of("data.id", "data")));
  Recording out;
  std::vector<Event*> events = {
      make_event(out.arena(), {{"name", Value::null()}, {"id", Value::string("p7")}}),
      make_event(out.arena(), {{"id", Value::number(17.0)}})};
  step->process(events, out);
  EXPECT_THAT(data_of(out.take()),
              ElementsAre(R"({"name":"pump","id":"p7","limit":80})", R"({"id":17,"name":"fan"})"));
}

TEST(Enrich, Data_that_is_no_object_fails_unless_there_is_none) {
  const auto step = must(make_enrich(config_of("subject", "data")));
  Recording out;
  Event* list = make_event(out.arena(), "p7", 1, Value::null());
  list->data = Value::list({});
  Event* none = make_event(out.arena(), "p7", 1, Value::null());
  none->data = Value::null();
  std::vector<Event*> events = {list, none};
  step->process(events, out);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("data is of type list")));
  EXPECT_THAT(data_of(out.take()), ElementsAre(R"({"name":"pump","limit":80})"));
}

TEST(Enrich, Without_a_row_the_event_fails_is_dropped_or_passes) {
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "p8", 1, Value::integer(1)),
                                make_event(out.arena(), "", 1, Value::integer(2))};
  must(make_enrich(config_of("subject", "data")))->process(events, out);
  EXPECT_THAT(out.reasons, ElementsAre("enrich: devices.csv has no row whose id is 'p8'",
                                       "enrich: devices.csv has no row whose id is ''"));
  EXPECT_TRUE(out.take().empty());
  must(make_enrich(config_of("subject", "data", Refusal::drop)))->process(events, out);
  EXPECT_EQ(out.dropped["no_row"], 2u);
  EXPECT_TRUE(out.take().empty());
  must(make_enrich(config_of("subject", "data", Refusal::pass)))->process(events, out);
  EXPECT_EQ(out.counted["no_row"], 2u);
  EXPECT_EQ(out.take(), events);
  EXPECT_TRUE(events[0]->is_unchanged);
}

TEST(Enrich, A_key_that_cannot_be_one_fails) {
  Recording out;
  std::vector<Event*> events = {make_event(out.arena(), "p7", 1, Value::integer(1))};
  must(make_enrich(config_of("data", "data.x")))->process(events, out);
  EXPECT_THAT(out.reasons, ElementsAre(HasSubstr("of type map cannot be a key")));
}

TEST(Enrich, Its_memory_is_that_of_the_table) {
  const auto step = must(make_enrich(config_of("subject", "data")));
  EXPECT_GT(step->memory_bytes(), sizeof(LookupTable));
  EXPECT_EQ(step->memory_bytes(), step->memory_limit());
}

TEST(Enrich, Each_wrong_option_is_told) {
  EXPECT_THAT(places(make_enrich(config_of("subject +", "device"))),
              ElementsAre(::testing::StartsWith("key:"), "into:0"));
}

}  // namespace
}  // namespace sluice
