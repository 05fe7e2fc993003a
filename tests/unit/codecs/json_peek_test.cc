#include "drivers/codecs/json_peek.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "drivers/codecs/json.h"

namespace sluice {
namespace {

using Paths = std::vector<std::vector<std::string>>;

// As an expression follows it: nullptr where there is nothing.
const Value* follow(const Value& root, const std::vector<std::string>& path) {
  const Value* at = &root;
  for (const std::string& key : path) {
    if (at->kind() != Kind::map) return nullptr;
    at = at->find(key);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string peeked(std::string_view text, const Paths& paths) {
  Arena arena;
  const JsonPaths wanted(paths);
  const auto value = peek_json(text, wanted, arena);
  return value ? to_json(*value) : value.error().message;
}

TEST(PeekJson, Gives_the_wanted_members_only) {
  constexpr std::string_view text =
      R"({"log":"...","site":{"map":[1,[2]],"hall":7},"t":22.5,"list":[{"a":1}],"u":null})";
  EXPECT_EQ(peeked(text, {{"t"}, {"site", "hall"}}), R"({"site":{"hall":7},"t":22.5})");
  EXPECT_EQ(peeked(text, {{"site"}, {"site", "hall"}}), R"({"site":{"map":[1,[2]],"hall":7}})");
  EXPECT_EQ(peeked(text, {{"site", "hall"}, {"site"}}), R"({"site":{"map":[1,[2]],"hall":7}})");
  EXPECT_EQ(peeked(text, {{"list", "a"}, {"u", "x"}, {"none"}}), R"({"list":[{"a":1}],"u":null})");
  EXPECT_EQ(peeked(text, {{}}), text);
  EXPECT_EQ(peeked("22", {{"t"}}), "22");
}

TEST(PeekJson, Nobody_who_looks_at_nothing_pays_for_reading) {
  EXPECT_EQ(peeked("no JSON", {}), "null");
}

TEST(PeekJson, Of_a_repeated_key_the_last_value_counts) {
  EXPECT_EQ(peeked(R"({"t":1,"\u0074":2,"x":0,"t":{"a":3}})", {{"t", "a"}}), R"({"t":{"a":3}})");
}

TEST(PeekJson, What_is_not_wanted_is_not_validated_and_what_is_wanted_is) {
  EXPECT_EQ(peeked(R"({"other":truue,"t":1})", {{"t"}}), R"({"t":1})");
  EXPECT_THAT(peeked(R"({"other":1,"t":truue})", {{"t"}}), ::testing::HasSubstr("not JSON"));
  EXPECT_THAT(peeked(R"({"t":1,"other":)", {{"t"}}), ::testing::HasSubstr("not JSON"));
  EXPECT_THAT(peeked(R"({"t":n[[[[1]]]]})", {{"t"}}), ::testing::HasSubstr("not JSON"));
}

// A document of random shape out of few keys, some of them escaped or repeated.
class Documents {
 public:
  explicit Documents(unsigned seed) : random_(seed) {}

  std::string value(int depth) {
    static const std::vector<std::string> scalars = {"0",
                                                     "-0",
                                                     "1.50",
                                                     "1e3",
                                                     "9223372036854775807",
                                                     "18446744073709551615",
                                                     "1e-400",
                                                     "true",
                                                     "null",
                                                     "\"\"",
                                                     "false",
                                                     R"("a\u00e9\n\"")",
                                                     "123456789012345678901234567890"};
    const auto kind = random_() % (depth > 0 ? 4 : 2);
    if (kind < 2) return scalars[random_() % scalars.size()];
    std::string text = kind == 2 ? "{" : "[";
    for (auto left = random_() % 4; left > 0; --left) {
      if (kind == 2) text += key() + " : ";
      text += value(depth - 1) + (left > 1 ? " , " : "");
    }
    return text + (kind == 2 ? "}" : "]");
  }
  std::vector<std::string> path() {
    std::vector<std::string> keys;
    for (auto left = 1 + random_() % 3; left > 0; --left)
      keys.emplace_back(1, static_cast<char>('a' + random_() % 3));
    return keys;
  }

 private:
  std::string key() {
    static const std::vector<std::string> keys = {R"("a")", R"("b")", R"("c")", R"("\u0061")",
                                                  R"("other")"};
    return keys[random_() % keys.size()];
  }
  std::mt19937 random_;
};

TEST(PeekJson, Agrees_with_the_whole_reading_on_every_path) {
  Documents documents(7);
  int found = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = documents.value(4);
    const Paths paths = {documents.path(), documents.path()};
    Arena arena;
    const auto whole = parse_json(text, arena);
    ASSERT_TRUE(whole) << text;
    const JsonPaths wanted(paths);
    const auto part = peek_json(text, wanted, arena);
    ASSERT_TRUE(part) << text << ": " << part.error().message;
    for (const auto& path : paths) {
      const Value* expected = follow(*whole, path);
      const Value* got = follow(*part, path);
      ASSERT_EQ(expected == nullptr, got == nullptr) << text;
      if (expected == nullptr) continue;
      ++found;
      ASSERT_TRUE(is_same(*expected, *got)) << text << "\n" << to_json(*got);
    }
  }
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace sluice
