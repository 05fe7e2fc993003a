#include "core/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sluice {
namespace {

// A random datum, nested up to `depth`.
Value random_value(std::mt19937_64& random, Arena& arena, int depth) {
  switch (random() % (depth > 0 ? 10 : 8)) {
    case 0:
      return Value::null();
    case 1:
      return Value::boolean(random() % 2 == 0);
    case 2:
      return Value::integer(static_cast<std::int64_t>(random()));
    case 3:
      return Value::uinteger(random());
    case 4:
      return Value::number(static_cast<double>(static_cast<std::int64_t>(random())) / 1024);
    case 5:
      return Value::string(arena.copy(std::string(random() % 20, 'a')));
    case 6:
      return Value::timestamp(static_cast<std::int64_t>(random() % 4'000'000'000) - 2'000'000'000,
                              static_cast<std::uint32_t>(random() % 1'000'000'000));
    case 7:
      return Value::bytes(arena.copy(std::string(random() % 5, '\xFF')));
    case 8: {
      const std::size_t count = random() % 4;
      Value* items = arena.array<Value>(count);
      for (std::size_t i = 0; i < count; ++i) items[i] = random_value(random, arena, depth - 1);
      return Value::list({items, count});
    }
    default: {
      const std::size_t count = random() % 4;
      MapEntry* entries = arena.array<MapEntry>(count);
      for (std::size_t i = 0; i < count; ++i) {
        entries[i] = {Value::string(arena.copy("k" + std::to_string(i))),
                      random_value(random, arena, depth - 1)};
      }
      return Value::map({entries, count});
    }
  }
}

TEST(Value, Encoding_and_decoding_are_inverse_for_any_datum) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 3000; ++i) {
    Arena arena;
    const Value value = random_value(random, arena, 4);
    std::string bytes;
    encode(bytes, value);
    std::string_view in = bytes;
    const auto again = decode_value(in, arena);
    ASSERT_TRUE(again) << to_json(value);
    EXPECT_TRUE(is_same(*again, value)) << to_json(value);
    EXPECT_TRUE(in.empty());
  }
}

TEST(Value, A_truncated_encoding_is_an_error_and_never_a_value_with_wild_texts) {
  std::mt19937_64 random(12);
  for (int i = 0; i < 500; ++i) {
    Arena arena;
    std::string bytes;
    encode(bytes, random_value(random, arena, 4));
    if (bytes.size() < 2) continue;
    const std::string cut = bytes.substr(0, random() % bytes.size());
    std::string_view in = cut;
    EXPECT_FALSE(decode_value(in, arena));
  }
}

TEST(Value, Is_storable_as_deep_as_it_can_be_read_again) {
  Arena arena;
  Value value = Value::integer(1);
  for (int depth = 0; depth < max_value_depth; ++depth)
    value = Value::list({arena.make(Value(value)), 1});
  for (const bool is_too_deep : {false, true}) {
    EXPECT_EQ(is_storable(value), !is_too_deep);
    std::string bytes;
    encode(bytes, value);
    std::string_view in = bytes;
    EXPECT_EQ(decode_value(in, arena).is_ok(), !is_too_deep);
    value = Value::list({arena.make(Value(value)), 1});
  }
}

TEST(Value, A_copy_outlives_the_bytes_it_was_made_from) {
  Arena kept;
  Value copy;
  {
    Arena gone;
    const MapEntry entry{Value::string(gone.copy("key")), Value::string(gone.copy("value"))};
    copy = copy_to(kept, Value::map({&entry, 1}));
  }
  ASSERT_NE(copy.find("key"), nullptr);
  EXPECT_EQ(copy.find("key")->as_text(), "value");
}

TEST(Json, Texts_are_escaped_and_numbers_are_the_shortest_that_read_back) {
  const Value list[] = {Value::string("a\"\\\n\x01"),
                        Value::number(0.1),
                        Value::number(22),
                        Value::number(NAN),
                        Value::integer(-5),
                        Value::bytes("ab"),
                        Value::duration(-2, 500'000'000),
                        Value::boolean(true)};
  EXPECT_EQ(to_json(Value::list(list)), R"(["a\"\\\n\u0001",0.1,22,null,-5,"YWI=","-1.5s",true])");
  EXPECT_EQ(to_json(Value::map({})), "{}");
  EXPECT_EQ(to_json(Value::list({})), "[]");
}

TEST(Utf8, The_table_of_rfc_3629_decides) {
  for (const char* good : {"", "abc", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80",
                           "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good));
  }
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Value, A_time_before_the_epoch_keeps_its_nanoseconds_positive) {
  const Value value = Value::timestamp(Timestamp(Duration(-1)));
  EXPECT_EQ(value.seconds(), -1);
  EXPECT_EQ(value.nanos(), 999'999'999U);
  EXPECT_EQ(to_timestamp(value), Timestamp(Duration(-1)));
  EXPECT_FALSE(fits_timestamp(Value::timestamp(253'402'300'799, 0)));
}

}  // namespace
}  // namespace sluice
