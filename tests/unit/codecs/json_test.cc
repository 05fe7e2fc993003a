#include "drivers/codecs/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace sluice {
namespace {

using testing::HasSubstr;

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + "1" + std::string(depth, ']');
}

class ParseJson : public testing::Test {
 protected:
  Value parse(std::string_view text) {
    auto value = parse_json(text, arena_);
    EXPECT_TRUE(value) << text << ": " << value.error().message;
    return value ? *value : Value::error("refused");
  }
  std::string refusal(std::string_view text) {
    auto value = parse_json(text, arena_);
    EXPECT_FALSE(value) << text;
    if (value) return {};
    EXPECT_EQ(value.error().kind, ErrorKind::bad_input);
    return value.error().message;
  }

  Arena arena_;
};

TEST_F(ParseJson, An_integer_that_fits_stays_an_integer) {
  EXPECT_EQ(parse("22").kind(), Kind::integer);
  EXPECT_EQ(parse("9223372036854775807").as_int(), INT64_MAX);
  EXPECT_EQ(parse("-9223372036854775808").as_int(), INT64_MIN);
}

TEST_F(ParseJson, A_number_with_fraction_or_exponent_is_a_double) {
  EXPECT_EQ(parse("22.0").kind(), Kind::number);
  EXPECT_EQ(parse("22e0").kind(), Kind::number);
  EXPECT_EQ(parse("-0.5e-3").as_double(), -0.5e-3);
}

TEST_F(ParseJson, An_integer_beyond_64_bits_becomes_the_nearest_double) {
  EXPECT_EQ(parse("9223372036854775808").as_double(), 9223372036854775808.0);
  EXPECT_EQ(parse("18446744073709551616").as_double(), 18446744073709551616.0);
  EXPECT_EQ(parse("[-123456789012345678901]").as_list()[0].as_double(), -123456789012345678901.0);
  const Value mixed = parse(R"({"123456789012345678901":"123456789012345678901","n":5})");
  EXPECT_EQ(mixed.find("123456789012345678901")->as_text(), "123456789012345678901");
  EXPECT_EQ(mixed.find("n")->kind(), Kind::integer);
}

TEST_F(ParseJson, A_number_too_large_for_a_double_is_refused) { refusal("1e999"); }

TEST_F(ParseJson, Members_that_nobody_reads_are_validated_too) {
  refusal(R"({"value":2.5,"x":tru})");
  refusal(R"({"value":2.5,"x":01})");
  refusal(R"({"value":2.5} trailing)");
  refusal("{\"value\":\"\xFF\"}");
}

TEST_F(ParseJson, Of_repeated_keys_the_last_value_counts_at_the_place_of_the_first) {
  EXPECT_EQ(to_json(parse(R"({"a":1,"b":2,"a":3})")), R"({"a":3,"b":2})");
}

TEST_F(ParseJson, Repeated_keys_among_many_follow_the_same_rule) {
  std::mt19937 random(20261123);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::string, int>> expected;
    std::string text = "{";
    const int members = static_cast<int>(random() % 60);
    for (int i = 0; i < members; ++i) {
      const std::string key = "k" + std::to_string(random() % 40);
      text += (i == 0 ? "\"" : ",\"") + key + "\":" + std::to_string(i);
      auto known = std::find_if(expected.begin(), expected.end(),
                                [&](const auto& entry) { return entry.first == key; });
      if (known == expected.end())
        expected.emplace_back(key, i);
      else
        known->second = i;
    }
    text += "}";
    std::string wanted = "{";
    for (const auto& [key, number] : expected) {
      wanted += (wanted.size() == 1 ? "\"" : ",\"") + key + "\":" + std::to_string(number);
    }
    EXPECT_EQ(to_json(parse(text)), wanted + "}") << text;
  }
}

TEST_F(ParseJson, Nesting_is_taken_up_to_its_bound_and_no_deeper) {
  EXPECT_EQ(parse(nested(max_json_depth)).kind(), Kind::list);
  EXPECT_THAT(refusal(nested(max_json_depth + 1)), HasSubstr("64 levels deep"));
  EXPECT_THAT(refusal(std::string(1000000, '[')), HasSubstr("not JSON"));
}

TEST_F(ParseJson, The_bound_on_depth_survives_a_document_that_grew_the_parser) {
  parse("[" + std::string(1000000, ' ') + "]");
  parse("1");
  EXPECT_EQ(parse(nested(max_json_depth)).kind(), Kind::list);
  refusal(nested(max_json_depth + 1));
}

TEST_F(ParseJson, A_value_at_the_depth_bound_can_be_stored_and_read_back) {
  std::string stored;
  const Value deepest = parse(nested(max_json_depth));
  encode(stored, deepest);
  std::string_view in = stored;
  const auto read = decode_value(in, arena_);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(is_same(*read, deepest));
}

TEST_F(ParseJson, Strings_outlive_the_text_and_the_next_parse) {
  std::string text = R"({"name":"hall \u00e9\u0000"})";
  const Value value = parse(text);
  text.assign(text.size(), 'x');
  parse(R"({"other":"something else"})");
  EXPECT_EQ(value.find("name")->as_text(), std::string_view("hall \xC3\xA9\0", 8));
}

TEST_F(ParseJson, A_refusal_says_where) {
  EXPECT_THAT(refusal(R"({"a":1,,})"), HasSubstr("offset 7"));
  EXPECT_THAT(refusal(R"({"a":)"), HasSubstr("after 5 bytes"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
}

class DecodeJson : public testing::Test {
 protected:
  Result<void> decode(std::string_view payload, bool needs_data = true) {
    Message message;
    message.payload = payload;
    message.content_type = content_type_;
    events_.clear();
    return JsonDecoder(options_).decode(message, needs_data, arena_, events_);
  }

  JsonOptions options_;
  std::string content_type_;
  Arena arena_;
  std::vector<Event> events_;
};

TEST_F(DecodeJson, A_message_is_one_event_that_keeps_its_bytes) {
  const std::string payload = " {\"t\": 22.50}\n";
  ASSERT_TRUE(decode(payload));
  ASSERT_EQ(events_.size(), 1U);
  EXPECT_TRUE(events_[0].has_payload);
  EXPECT_EQ(events_[0].payload.data(), payload.data());
  EXPECT_EQ(events_[0].payload, payload);
  EXPECT_EQ(events_[0].datacontenttype, "application/json");
  EXPECT_EQ(to_json(events_[0].data), R"({"t":22.5})");
}

TEST_F(DecodeJson, A_json_content_type_of_the_sender_is_kept_and_no_other) {
  content_type_ = "application/vnd.acme+json";
  ASSERT_TRUE(decode("1"));
  EXPECT_EQ(events_[0].datacontenttype, "application/vnd.acme+json");
  content_type_ = "text/plain";
  ASSERT_TRUE(decode("1"));
  EXPECT_EQ(events_[0].datacontenttype, "application/json");
}

TEST_F(DecodeJson, Without_need_of_data_it_is_validated_all_the_same) {
  ASSERT_TRUE(decode(R"({"t":1})", false));
  EXPECT_TRUE(events_[0].data.is_null());
  EXPECT_FALSE(decode(R"({"t":01})", false));
  EXPECT_TRUE(events_.empty());
}

TEST_F(DecodeJson, An_array_is_one_event_unless_it_is_to_be_split) {
  ASSERT_TRUE(decode("[1,2]"));
  EXPECT_EQ(events_.size(), 1U);
}

TEST_F(DecodeJson, A_split_array_gives_each_element_with_its_own_bytes) {
  options_.split_array = true;
  ASSERT_TRUE(decode(" [ {\"a\" : [1, 2]} , \"]\\\",\" ,3.10,[],null ] "));
  ASSERT_EQ(events_.size(), 5U);
  EXPECT_EQ(events_[0].payload, R"({"a" : [1, 2]})");
  EXPECT_EQ(to_json(events_[0].data), R"({"a":[1,2]})");
  EXPECT_EQ(events_[1].payload, R"("]\",")");
  EXPECT_EQ(events_[1].data.as_text(), R"(]",)");
  EXPECT_EQ(events_[2].payload, "3.10");
  EXPECT_EQ(events_[3].payload, "[]");
  EXPECT_EQ(events_[4].payload, "null");
}

TEST_F(DecodeJson, Splitting_leaves_other_messages_alone) {
  options_.split_array = true;
  ASSERT_TRUE(decode(R"({"a":[1,2]})"));
  EXPECT_EQ(events_.size(), 1U);
  ASSERT_TRUE(decode("[]"));
  EXPECT_TRUE(events_.empty());
  EXPECT_FALSE(decode("[1,"));
  EXPECT_TRUE(events_.empty());
}

TEST_F(DecodeJson, The_payload_of_a_stored_event_gives_its_data_again) {
  ASSERT_TRUE(decode(R"({"t":[1,2.5,"x"]})"));
  JsonDecoder decoder;
  const auto again = decoder.parse(events_[0].payload, arena_);
  ASSERT_TRUE(again);
  EXPECT_TRUE(is_same(*again, events_[0].data));
}

}  // namespace
}  // namespace sluice
