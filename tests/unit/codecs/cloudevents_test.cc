#include "drivers/codecs/cloudevents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "drivers/codecs/json.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

Event minimal() {
  Event event;
  event.id = "s1/7";
  event.source = "//plant/floor/dev1";
  event.type = "sluice.event";
  event.time = Timestamp(std::chrono::milliseconds(1700000000250));
  return event;
}

Event with_payload(std::string_view content_type, std::string_view payload) {
  Event event = minimal();
  event.datacontenttype = content_type;
  event.payload = payload;
  event.has_payload = true;
  return event;
}

std::string encoded(const Event& event) {
  std::string out;
  append_cloudevent(out, event);
  Arena arena;
  const auto parsed = parse_json(out, arena);
  EXPECT_TRUE(parsed) << out;
  EXPECT_EQ(out.find('\n'), std::string::npos);
  return out;
}

TEST(CloudEvents, All_attributes_come_in_their_order_and_data_last) {
  Event event = with_payload("application/json", R"({"t": 22.50})");
  event.subject = "hall";
  event.dataschema = "https://example.com/s";
  const std::vector<Attribute> extensions = {{"revision", Value::integer(2)}};
  event.extensions = extensions;
  EXPECT_EQ(encoded(event),
            R"({"specversion":"1.0","id":"s1/7","source":"//plant/floor/dev1",)"
            R"("type":"sluice.event","subject":"hall","time":"2023-11-14T22:13:20.25Z",)"
            R"("datacontenttype":"application/json","dataschema":"https://example.com/s",)"
            R"("revision":2,"data":{"t": 22.50}})");
}

TEST(CloudEvents, Unset_attributes_are_left_out) {
  EXPECT_EQ(encoded(minimal()), R"({"specversion":"1.0","id":"s1/7","source":"//plant/floor/dev1",)"
                                R"("type":"sluice.event","time":"2023-11-14T22:13:20.25Z"})");
}

TEST(CloudEvents, A_json_payload_goes_in_byte_for_byte) {
  EXPECT_THAT(encoded(with_payload("application/senml+json", "[ 1.0, \"\\u00e9\",\t2 ]")),
              HasSubstr("\"data\":[ 1.0, \"\\u00e9\",\t2 ]}"));
  EXPECT_THAT(encoded(with_payload("", "1.50")), HasSubstr("\"data\":1.50}"));
}

TEST(CloudEvents, A_json_payload_with_a_newline_loses_its_white_space_only) {
  EXPECT_THAT(encoded(with_payload("application/json", "{\n  \"a b\": [1.50, \"x\\ny\"]\r\n}\n")),
              HasSubstr(R"("data":{"a b":[1.50,"x\ny"]}})"));
}

TEST(CloudEvents, Text_becomes_a_json_string) {
  EXPECT_THAT(encoded(with_payload("text/plain", "22.5\n\"C\"")),
              HasSubstr(R"("data":"22.5\n\"C\""})"));
  EXPECT_THAT(encoded(with_payload("text/plain", "")), HasSubstr(R"("data":""})"));
}

TEST(CloudEvents, Bytes_that_are_not_text_become_base64) {
  EXPECT_THAT(encoded(with_payload("text/plain", "\xFF\xFE")),
              HasSubstr(R"("data_base64":"//4="})"));
  EXPECT_THAT(encoded(with_payload("application/octet-stream", "abc")),
              HasSubstr(R"("data_base64":"YWJj"})"));
  EXPECT_THAT(encoded(with_payload("application/cbor", "")), HasSubstr(R"("data_base64":""})"));
}

TEST(CloudEvents, A_payload_that_is_not_the_json_it_claims_to_be_does_not_break_the_frame) {
  EXPECT_THAT(encoded(with_payload("application/json", "\"open\n")),
              HasSubstr(R"("data_base64":"Im9wZW4K"})"));
}

TEST(CloudEvents, A_derived_event_gives_its_data_as_json) {
  Event event = minimal();
  const std::vector<MapEntry> data = {{Value::string("mean"), Value::number(21.5)},
                                      {Value::string("n"), Value::integer(3)}};
  event.data = Value::map(data);
  EXPECT_THAT(encoded(event), HasSubstr(R"("data":{"mean":21.5,"n":3}})"));
  EXPECT_THAT(encoded(event), Not(HasSubstr("datacontenttype")));
}

TEST(CloudEvents, Data_that_a_step_made_from_text_says_that_it_is_json) {
  Event event = minimal();
  event.datacontenttype = "text/plain";
  event.data = Value::number(22.5);
  EXPECT_THAT(encoded(event), HasSubstr(R"("datacontenttype":"application/json","data":22.5})"));
  event.data = Value::string("warm");
  EXPECT_THAT(encoded(event), HasSubstr(R"("datacontenttype":"text/plain","data":"warm"})"));
}

TEST(CloudEvents, Derived_bytes_are_base64) {
  Event event = minimal();
  event.data = Value::bytes("abc");
  EXPECT_THAT(encoded(event), HasSubstr(R"("data_base64":"YWJj"})"));
}

TEST(CloudEvents, Extensions_have_only_the_types_that_cloudevents_knows) {
  const auto extension = [](Value value) {
    Event event = minimal();
    const std::vector<Attribute> extensions = {{"x", value}};
    event.extensions = extensions;
    return encoded(event);
  };
  EXPECT_THAT(extension(Value::boolean(true)), HasSubstr(R"("x":true)"));
  EXPECT_THAT(extension(Value::integer(-5)), HasSubstr(R"("x":-5)"));
  EXPECT_THAT(extension(Value::integer(2147483648)), HasSubstr(R"("x":"2147483648")"));
  EXPECT_THAT(extension(Value::number(1.5)), HasSubstr(R"("x":"1.5")"));
  EXPECT_THAT(extension(Value::string("a\"b")), HasSubstr(R"("x":"a\"b")"));
  EXPECT_THAT(extension(Value::timestamp(0, 0)), HasSubstr(R"("x":"1970-01-01T00:00:00Z")"));
  EXPECT_THAT(extension(Value::list({})), HasSubstr(R"("x":"[]")"));
  EXPECT_THAT(extension(Value::null()), Not(HasSubstr("\"x\"")));
}

TEST(Frames, Ndjson_is_a_line_for_each_event) {
  std::string body;
  append_framed(body, Frame::ndjson, minimal());
  append_framed(body, Frame::ndjson, with_payload("application/json", "{\n}"));
  finish_frame(body, Frame::ndjson);
  EXPECT_EQ(std::ranges::count(body, '\n'), 2);
  EXPECT_TRUE(body.ends_with("\"data\":{}}\n"));
  EXPECT_EQ(frame_content_type(Frame::ndjson), "application/x-ndjson");
}

TEST(Frames, A_batch_is_one_array_also_of_none) {
  std::string body;
  finish_frame(body, Frame::batch);
  EXPECT_EQ(body, "[]");
  body.clear();
  append_framed(body, Frame::batch, minimal());
  append_framed(body, Frame::batch, minimal());
  finish_frame(body, Frame::batch);
  Arena arena;
  const auto parsed = parse_json(body, arena);
  ASSERT_TRUE(parsed) << body;
  EXPECT_EQ(parsed->as_list().size(), 2U);
  EXPECT_EQ(frame_content_type(Frame::batch), "application/cloudevents-batch+json");
}

}  // namespace
}  // namespace sluice
