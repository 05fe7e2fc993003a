#include "drivers/codecs/text.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

class DecodeText : public testing::Test {
 protected:
  Result<Event> decode(std::string_view payload, bool needs_data = true) {
    Message message;
    message.payload = payload;
    message.content_type = content_type_;
    std::vector<Event> events;
    TRY(TextDecoder().decode(message, needs_data, arena_, events));
    EXPECT_EQ(events.size(), 1U);
    return events.front();
  }

  std::string content_type_;
  Arena arena_;
};

TEST_F(DecodeText, A_plain_number_is_a_number) {
  EXPECT_EQ(decode("22.5")->data.as_double(), 22.5);
  EXPECT_EQ(decode("-7")->data.as_int(), -7);
  EXPECT_EQ(decode(" 1e3\r\n")->data.as_double(), 1000.0);
}

TEST_F(DecodeText, What_is_not_wholly_a_number_is_a_string) {
  for (const auto* text : {"22.5 C", "", " ", "0x10", "1,5", "+5", "05", "1.", "-", "nan", "true",
                           "\"5\"", "1 2", "1e999"}) {
    const auto event = decode(text);
    ASSERT_TRUE(event) << text;
    EXPECT_EQ(event->data.kind(), Kind::string) << text;
    EXPECT_EQ(event->data.as_text(), text);
  }
}

TEST_F(DecodeText, The_payload_is_kept_as_it_came) {
  const auto event = decode(" 22.50\n", false);
  EXPECT_TRUE(event->has_payload);
  EXPECT_EQ(event->payload, " 22.50\n");
  EXPECT_EQ(event->datacontenttype, "text/plain");
}

TEST_F(DecodeText, Bytes_that_are_not_text_are_refused_with_and_without_need_of_data) {
  EXPECT_EQ(decode("\xFF").error().kind, ErrorKind::bad_input);
  EXPECT_EQ(decode("\xFF", false).error().kind, ErrorKind::bad_input);
}

TEST_F(DecodeText, It_never_promises_json_that_it_has_not_checked) {
  content_type_ = "text/json";
  EXPECT_EQ(decode("{")->datacontenttype, "text/plain");
  content_type_ = "text/csv";
  EXPECT_EQ(decode("1;2")->datacontenttype, "text/csv");
}

}  // namespace
}  // namespace sluice
