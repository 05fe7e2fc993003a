#include "drivers/codecs/cbor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "drivers/codecs/json.h"

namespace sluice {
namespace {

using testing::HasSubstr;

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

class ParseCbor : public testing::Test {
 protected:
  std::string json_of(std::string_view hex) {
    bytes_ = from_hex(hex);
    const auto value = parse_cbor(bytes_, arena_);
    return value ? to_json(*value) : value.error().message;
  }
  Value parse(std::string_view hex) {
    bytes_ = from_hex(hex);
    const auto value = parse_cbor(bytes_, arena_);
    EXPECT_TRUE(value) << hex << ": " << value.error().message;
    return value ? *value : Value::error("refused");
  }
  std::string refusal(std::string_view hex) {
    bytes_ = from_hex(hex);
    const auto value = parse_cbor(bytes_, arena_);
    EXPECT_FALSE(value) << hex;
    return value ? std::string() : value.error().message;
  }

  std::string bytes_;
  Arena arena_;
};

TEST_F(ParseCbor, Reads_integers_of_every_width) {
  EXPECT_EQ(parse("17").as_int(), 23);
  EXPECT_EQ(parse("1818").as_int(), 24);
  EXPECT_EQ(parse("1903e8").as_int(), 1000);
  EXPECT_EQ(parse("1a000f4240").as_int(), 1000000);
  EXPECT_EQ(parse("1b7fffffffffffffff").as_int(), INT64_MAX);
  EXPECT_EQ(parse("20").as_int(), -1);
  EXPECT_EQ(parse("3b7fffffffffffffff").as_int(), INT64_MIN);
}

TEST_F(ParseCbor, An_integer_beyond_64_bits_becomes_the_nearest_double) {
  EXPECT_EQ(parse("1bffffffffffffffff").as_double(), 18446744073709551615.0);
  EXPECT_EQ(parse("3bffffffffffffffff").as_double(), -18446744073709551616.0);
  EXPECT_EQ(parse("c249010000000000000000").as_double(), 18446744073709551616.0);
  EXPECT_EQ(parse("c3420100").as_int(), -257);
}

TEST_F(ParseCbor, Reads_floats_of_every_width) {
  EXPECT_EQ(parse("f93e00").as_double(), 1.5);
  EXPECT_EQ(parse("f90001").as_double(), std::ldexp(1.0, -24));
  EXPECT_EQ(parse("f9fc00").as_double(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(parse("f97e00").as_double()));
  EXPECT_EQ(parse("fa47c35000").as_double(), 100000.0);
  EXPECT_EQ(parse("fb3ff199999999999a").as_double(), 1.1);
}

TEST_F(ParseCbor, Reads_structures_of_definite_and_indefinite_length) {
  EXPECT_EQ(json_of("83018202039f0405ff"), "[1,[2,3],[4,5]]");
  EXPECT_EQ(json_of("a26161016162820203"), R"({"a":1,"b":[2,3]})");
  EXPECT_EQ(json_of("bf61610161629f0203ffff"), R"({"a":1,"b":[2,3]})");
  EXPECT_EQ(json_of("7f657374726561646d696e67ff"), R"("streaming")");
  EXPECT_EQ(json_of("84f4f5f6f7"), "[false,true,null,null]");
  EXPECT_EQ(parse("5f42010243030405ff").as_text(), "\x01\x02\x03\x04\x05");
}

TEST_F(ParseCbor, A_decimal_fraction_is_a_number_and_other_tags_are_their_content) {
  EXPECT_EQ(parse("c48221196ab3").as_double(), 273.15);
  EXPECT_EQ(parse("c482001a1dcd6504").as_int(), 500000004);
  EXPECT_EQ(json_of("c074323031332d30332d32315432303a30343a30305a"), R"("2013-03-21T20:04:00Z")");
}

TEST_F(ParseCbor, Refuses_what_is_cut_short_or_goes_on) {
  EXPECT_THAT(refusal(""), HasSubstr("ends too early at offset 0"));
  refusal("18");
  refusal("6261");
  refusal("8201");
  refusal("a161");
  refusal("9f01");
  EXPECT_THAT(refusal("0101"), HasSubstr("more bytes after the end at offset 1"));
}

TEST_F(ParseCbor, Refuses_what_the_format_forbids) {
  refusal("1c");              // reserved length
  refusal("ff");              // a break without a start
  refusal("1f");              // an integer of indefinite length
  refusal("f8ff");            // an unassigned simple value
  refusal("61ff");            // text that is not UTF-8
  refusal("5f6161ff");        // a text chunk in bytes
  refusal("a2616101616102");  // a repeated key
  refusal("a1f401");          // a boolean as key
  refusal("c48161");          // a decimal fraction of one number
  refusal("bf6161ff");        // a key without a value
}

TEST_F(ParseCbor, A_count_that_lies_costs_no_memory) {
  refusal("9bffffffffffffffff");
  refusal("bbffffffffffffffff");
  refusal("5bffffffffffffffff");
  refusal("9a7fffffff00");
  EXPECT_LT(arena_.held_bytes(), 1024U * 1024U);
}

TEST_F(ParseCbor, Repeated_keys_are_found_among_many) {
  std::string hex = "b819";  // a map of 25, keys 0 to 23 and 3 again, all null
  for (int i = 0; i < 25; ++i) {
    const auto key = static_cast<std::size_t>(i == 24 ? 3 : i);
    hex.push_back(key < 16 ? '0' : '1');
    hex.push_back("0123456789abcdef"[key % 16]);
    hex += "f6";
  }
  EXPECT_THAT(refusal(hex), HasSubstr("repeated key"));
}

TEST_F(ParseCbor, Nesting_is_taken_up_to_its_bound_and_no_deeper) {
  std::string deep;
  for (std::size_t i = 0; i < max_json_depth; ++i) deep += "81";
  EXPECT_EQ(parse(deep + "01").kind(), Kind::list);
  EXPECT_THAT(refusal(deep + "8101"), HasSubstr("levels deep"));
  std::string tags;
  for (int i = 0; i < 100000; ++i) tags += "c1";
  refusal(tags + "01");
}

TEST_F(ParseCbor, Random_bytes_are_read_or_refused_but_never_read_past) {
  std::mt19937 random(99);
  for (int round = 0; round < 20000; ++round) {
    // Its own allocation, so that the address sanitizer sees a read past the end.
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    bytes.shrink_to_fit();
    const auto value = parse_cbor(bytes, arena_);
    if (value) {
      EXPECT_FALSE(to_json(*value).empty());
    }
    arena_.reset();
  }
}

TEST(DecodeCbor, A_message_is_one_event_that_keeps_its_bytes) {
  const std::string payload = from_hex("a1617401");
  Message message;
  message.payload = payload;
  Arena arena;
  std::vector<Event> events;
  ASSERT_TRUE(CborDecoder().decode(message, true, arena, events));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].payload, payload);
  EXPECT_EQ(events[0].datacontenttype, "application/cbor");
  EXPECT_EQ(to_json(events[0].data), R"({"t":1})");
}

}  // namespace
}  // namespace sluice
