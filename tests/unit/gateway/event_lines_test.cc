#include "gateway/event_lines.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

class EventLines : public testing::Test {
 protected:
  Event read(std::string_view line) { return read_event_line(line, arena_).value(); }
  std::string error(std::string_view line) {
    const auto event = read_event_line(line, arena_);
    return event ? "no error" : event.error().message;
  }
  Arena arena_;
};

TEST_F(EventLines, Plain_JSON_is_the_data) {
  EXPECT_EQ(to_json(read(R"({"t":21.5})").data), R"({"t":21.5})");
  EXPECT_EQ(to_json(read("22").data), "22");
}

TEST_F(EventLines, A_CloudEvent_gives_attributes_extensions_and_data) {
  const Event event =
      read(R"({"specversion":"1.0","id":"7","source":"//a/b","type":"t","subject":"dev-1",)"
           R"("time":"2026-01-31T08:00:00Z","revision":2,"data":{"t":1}})");
  EXPECT_EQ(event.id, "7");
  EXPECT_EQ(event.source, "//a/b");
  EXPECT_EQ(event.subject, "dev-1");
  EXPECT_EQ(format_timestamp(event.time), "2026-01-31T08:00:00Z");
  EXPECT_EQ(to_json(event.data), R"({"t":1})");
  ASSERT_NE(find_extension(event, "revision"), nullptr);
  EXPECT_EQ(to_json(*find_extension(event, "revision")), "2");
  EXPECT_EQ(read(R"({"specversion":"1.0","data_base64":"aGk="})").data.as_text(), "hi");
}

TEST_F(EventLines, What_is_wrong_is_said) {
  EXPECT_NE(error("{").find("not JSON"), std::string::npos);
  EXPECT_EQ(error(R"({"specversion":"1.0","id":7})"), "CloudEvents attribute 'id' is not a text");
  EXPECT_EQ(error(R"({"specversion":"1.0","time":"today"})"),
            "CloudEvents attribute 'time' is not a time such as 2026-01-31T08:00:00Z");
  EXPECT_EQ(error(R"({"specversion":"1.0","data_base64":"?"})"),
            "CloudEvents attribute 'data_base64' is not base64");
}

}  // namespace
}  // namespace sluice
