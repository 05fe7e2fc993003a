#include "pipelines/steps/held_event.h"

#include <gtest/gtest.h>

#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using sluice::testing::at_ms;

Event* sample_event(Arena& arena) {
  static constexpr Property properties[] = {{"unit", "C"}, {"line", "7"}};
  static constexpr Property headers[] = {{"accept", "json"}};
  static const Attribute extensions[] = {{"revision", Value::integer(3)},
                                         {"windowstart", Value::timestamp(at_ms(-5))}};
  Event* event = testing::make_event(arena, "hall", 1234, Value::number(21.5));
  event->id = "7";
  event->type = "reading";
  event->datacontenttype = "application/json";
  event->dataschema = "urn:schema";
  event->extensions = extensions;
  event->payload = R"({"v":21.5})";
  event->has_payload = true;
  event->sender = "probe-1";
  event->sender_key = "k";
  event->topic = "plant/hall";
  event->source_name = "floor";
  event->user_properties = properties;
  event->headers = headers;
  event->received = at_ms(2000);
  return event;
}

TEST(HeldEvent, Takes_what_decoders_take_and_steps_wrap_and_refuses_what_it_could_not_give_back) {
  Arena arena;
  Event event;
  event.data = Value::integer(1);
  for (const int depth : {70, max_value_depth + 1}) {
    for (int i = 0; i < depth; ++i) event.data = Value::list({arena.make(Value(event.data)), 1});
    HeldEvent held;
    ASSERT_EQ(held.hold(event), depth == 70);
    if (!held.is_empty()) {
      EXPECT_TRUE(is_same(held.release(arena)->data, event.data));
    }
  }
}

TEST(HeldEvent, Has_all_that_expressions_see_and_is_an_event_of_the_pipeline) {
  Arena arena;
  HeldEvent held;
  EXPECT_TRUE(held.is_empty());
  ASSERT_TRUE(held.hold(*sample_event(arena)));
  std::string bytes;
  held.save(bytes);
  HeldEvent loaded;
  ByteReader in(bytes);
  loaded.load(in);
  ASSERT_TRUE(in.is_ok() && in.at_end());
  const Event& event = *loaded.release(arena);
  const Event& before = *sample_event(arena);
  EXPECT_EQ(event.type, "reading");
  EXPECT_EQ(event.subject, "hall");
  EXPECT_EQ(event.datacontenttype, "application/json");
  EXPECT_EQ(event.dataschema, "urn:schema");
  EXPECT_EQ(event.time, before.time);
  EXPECT_EQ(event.received, before.received);
  EXPECT_TRUE(is_same(event.data, before.data));
  EXPECT_EQ(find_extension(event, "revision")->as_int(), 3);
  EXPECT_TRUE(is_same(*find_extension(event, "windowstart"), Value::timestamp(at_ms(-5))));
  EXPECT_EQ(event.sender, "probe-1");
  EXPECT_EQ(event.sender_key, "k");
  EXPECT_EQ(event.topic, "plant/hall");
  EXPECT_EQ(event.source_name, "floor");
  ASSERT_EQ(event.user_properties.size(), 2u);
  EXPECT_EQ(event.user_properties[1].value, "7");
  ASSERT_EQ(event.headers.size(), 1u);
  EXPECT_EQ(event.headers[0].name, "accept");
  EXPECT_FALSE(event.has_payload);
  EXPECT_FALSE(event.is_unchanged);
  EXPECT_TRUE(event.id.empty());
}

TEST(HeldEvent, Refuses_what_is_too_big_and_keeps_what_it_has) {
  Arena arena;
  HeldEvent held;
  ASSERT_TRUE(held.hold(*sample_event(arena)));
  const std::string big(HeldEvent::max_bytes, 'x');
  EXPECT_FALSE(held.hold(*testing::make_event(arena, "s", 0, Value::string(big))));
  EXPECT_EQ(held.release(arena)->subject, "hall");
}

TEST(HeldEvent, A_cut_one_is_never_loaded) {
  Arena arena;
  HeldEvent held;
  ASSERT_TRUE(held.hold(*sample_event(arena)));
  std::string whole;
  held.save(whole);
  ByteReader reader(whole);
  const std::string content(reader.text());
  for (std::size_t length = 1; length < content.size(); ++length) {
    std::string cut;
    put_text(cut, std::string_view(content).substr(0, length));
    ByteReader in(cut);
    HeldEvent loaded;
    loaded.load(in);
    EXPECT_FALSE(in.is_ok()) << length;
  }
}

}  // namespace
}  // namespace sluice
