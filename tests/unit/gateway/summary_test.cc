#include "gateway/summary.h"

#include <gtest/gtest.h>

#include <random>

#include "drivers/codecs/json.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

class SummaryTest : public testing::Test {
 protected:
  Event event(std::string_view subject, int second, std::string_view json) {
    Event event;
    event.source = "//box/floor/dev";
    event.type = "sluice.event";
    event.subject = arena_.copy(subject);
    event.time = event.received = Timestamp(std::chrono::seconds(second));
    event.data = parse_json(arena_.copy(json), arena_).value();
    return event;
  }
  static double field(const Event& event, std::string_view path, std::string_view what) {
    return event.data.find("fields")->find(path)->find(what)->to_double();
  }

  Arena arena_;
};

TEST_F(SummaryTest, Each_key_and_window_becomes_one_event_with_its_numbers) {
  Summary summary(60s);
  summary.add(event("a", 10, R"({"t":20.5,"state":"on","motor":{"rpm":100}})"));
  summary.add(event("a", 50, R"({"t":21.5,"state":"off","motor":{"rpm":300}})"));
  summary.add(event("a", 61, R"({"t":1})"));
  summary.add(event("b", 10, R"(7)"));
  const auto events = summary.take("id.", arena_);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].subject, "a");
  EXPECT_EQ(events[0].time, Timestamp(0s));
  EXPECT_EQ(events[0].data.find("events")->as_int(), 2);
  EXPECT_EQ(field(events[0], "t", "mean"), 21.0);
  EXPECT_EQ(field(events[0], "t", "min"), 20.5);
  EXPECT_EQ(field(events[0], "motor.rpm", "sum"), 400);
  EXPECT_EQ(events[0].data.find("fields")->find("state")->find("last")->as_text(), "off");
  EXPECT_EQ(find_extension(events[0], "summaryof")->as_text(), "sluice.event");
  EXPECT_EQ(events[1].subject, "b");
  EXPECT_EQ(field(events[1], "value", "max"), 7);
  EXPECT_EQ(events[2].time, Timestamp(60s));
}

TEST_F(SummaryTest, A_summary_of_summaries_is_the_summary_of_all_their_events) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    Summary whole(600s);
    Summary outer(600s);
    for (int part = 0; part < 5; ++part) {
      Summary inner(60s);
      for (int i = 0; i < 20; ++i) {
        const Event one = event(random() % 2 == 0 ? "a" : "b", static_cast<int>(random() % 500),
                                "{\"t\":" + std::to_string(random() % 100) + "}");
        inner.add(one);
        whole.add(one);
      }
      for (const Event& made : inner.take("x", arena_)) outer.add(made);
    }
    EXPECT_EQ(outer.events(), whole.events());
    const auto expected = whole.take("x", arena_);
    const auto found = outer.take("x", arena_);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].subject, expected[i].subject);
      for (const char* what : {"count", "sum", "min", "max", "mean"})
        EXPECT_EQ(field(found[i], "t", what), field(expected[i], "t", what));
    }
  }
}

TEST_F(SummaryTest, Windows_are_right_before_1970_as_well) {
  Summary summary(60s);
  summary.add(event("a", -1, R"({"t":1})"));
  EXPECT_EQ(summary.take("x", arena_)[0].time, Timestamp(-60s));
}

TEST_F(SummaryTest, Of_many_fields_some_are_left_out_and_counted) {
  std::string json = "{";
  for (int i = 0; i < 100; ++i) json += (i > 0 ? ",\"f" : "\"f") + std::to_string(i) + "\":1";
  Summary summary(60s);
  summary.add(event("a", 1, json + "}"));
  const auto events = summary.take("x", arena_);
  EXPECT_EQ(events[0].data.find("fields")->as_map().size(), 64U);
  EXPECT_EQ(events[0].data.find("fields_left_out")->as_int(), 36);
}

}  // namespace
}  // namespace sluice
