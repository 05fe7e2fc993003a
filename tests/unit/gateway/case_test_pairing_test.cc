// The parts of `sluice test` that decide what belongs together and what is the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "config/document.h"
#include "drivers/codecs/json.h"
#include "gateway/testing/compare.h"
#include "gateway/testing/pairing.h"
#include "gateway/toml_json.h"

namespace sluice {
namespace {

// Pairs letters with letters: "a=a" match, "b/c" differ, "d/-" did not come out, "-/e" too many.
std::string pairs_of(std::string_view expected, std::string_view got,
                     std::vector<Pair> (*pair)(std::size_t, std::size_t, const IsPair&)) {
  std::string out;
  const auto is_pair = [&](std::size_t i, std::size_t j) {
    return expected[i] == got[j] || expected[i] == '?';  // '?' takes any
  };
  for (const Pair& one : pair(expected.size(), got.size(), is_pair)) {
    out += out.empty() ? "" : " ";
    out += one.expected ? expected[*one.expected] : '-';
    out += one.is_match ? '=' : '/';
    out += one.got ? got[*one.got] : '-';
  }
  return out;
}

TEST(Pairing, In_order_the_longest_common_sequence_stays_together) {
  EXPECT_EQ(pairs_of("abc", "abc", pair_in_order), "a=a b=b c=c");
  EXPECT_EQ(pairs_of("abc", "xabc", pair_in_order), "-/x a=a b=b c=c");
  EXPECT_EQ(pairs_of("abc", "ac", pair_in_order), "a=a b/- c=c");
  EXPECT_EQ(pairs_of("abc", "axc", pair_in_order), "a=a b/x c=c");
  EXPECT_EQ(pairs_of("ab", "ba", pair_in_order), "a/- b=b -/a");
  EXPECT_EQ(pairs_of("", "a", pair_in_order), "-/a");
  EXPECT_EQ(pairs_of("", "", pair_in_order), "");
}

TEST(Pairing, In_any_order_as_many_as_possible_find_a_partner) {
  EXPECT_EQ(pairs_of("abc", "cab", pair_in_any_order), "a=a b=b c=c");
  // The first that comes would take what the second alone can use.
  EXPECT_EQ(pairs_of("?a", "ab", pair_in_any_order), "?=b a=a");
  EXPECT_EQ(pairs_of("ax", "yab", pair_in_any_order), "a=a x/y -/b");
}

class CompareEvent : public testing::Test {
 protected:
  bool is_same(const char* expected, const char* got, Match match = Match::subset,
               bool is_dead_letter = false) {
    ExpectedEvent event;
    event.attributes = parse_json(expected, arena_).value();
    event.match = match;
    return is_match(
        compare_event(event, {got, parse_json(got, arena_).value()}, is_dead_letter, arena_));
  }

  Arena arena_;
};

TEST_F(CompareEvent, Numbers_are_compared_by_value) {
  EXPECT_TRUE(is_same(R"({"data":21})", R"({"data":21.0})"));
  EXPECT_TRUE(is_same(R"({"data":0.5})", R"({"data":5e-1})"));
  EXPECT_FALSE(is_same(R"({"data":21})", R"({"data":21.5})"));
  EXPECT_FALSE(is_same(R"({"data":21})", R"({"data":"21"})"));
  // Not the same, although they are when both are taken as doubles.
  EXPECT_FALSE(is_same(R"({"data":9007199254740993})", R"({"data":9007199254740992.0})"));
  EXPECT_FALSE(is_same(R"({"data":9223372036854775807})", R"({"data":9223372036854775808.0})"));
}

TEST_F(CompareEvent, A_subset_is_one_at_every_depth_but_lists_are_whole) {
  const char* got = R"({"type":"t","data":{"a":{"b":1,"c":2},"l":[{"x":1,"y":2}]}})";
  EXPECT_TRUE(is_same(R"({"data":{"a":{"b":1}}})", got));
  EXPECT_TRUE(is_same(R"({"data":{"l":[{"y":2}]}})", got));
  EXPECT_TRUE(is_same(R"({"data":{"a":{}}})", got));
  EXPECT_FALSE(is_same(R"({"data":{"l":[]}})", got));
  EXPECT_FALSE(is_same(R"({"data":{"a":{"d":null}}})", got));
  EXPECT_FALSE(is_same(R"({"subject":"s"})", got));
}

TEST_F(CompareEvent, Exact_is_about_data_at_every_depth_and_not_about_the_attributes) {
  const char* got = R"({"type":"t","data":{"a":{"b":1}}})";
  EXPECT_TRUE(is_same(R"({"data":{"a":{"b":1}}})", got, Match::exact));
  EXPECT_FALSE(is_same(R"({"data":{"a":{}}})", got, Match::exact));
  EXPECT_FALSE(is_same(R"({"data":{}})", got, Match::exact));
}

TEST_F(CompareEvent, Of_the_reason_of_a_dead_letter_a_part_is_enough) {
  const char* got = R"({"reason":"not JSON: unexpected end"})";
  EXPECT_TRUE(is_same(R"({"reason":"JSON"})", got, Match::subset, true));
  EXPECT_FALSE(is_same(R"({"reason":"XML"})", got, Match::subset, true));
  EXPECT_FALSE(is_same(R"({"reason":"JSON"})", got));
}

TEST(TomlAsJson, Each_kind_of_value_has_its_json) {
  Document document = Document::parse(
      "a = 1\nb = 2.50\nc = 'x\"y'\nd = true\ne = 2026-01-01 01:00:00.5+01:00\nf = 2026-01-01\n"
      "g = [1, { h = [] }]\n",
      "t.toml");
  std::string json;
  append_toml_as_json(json, document.root().node(), document.diagnostics());
  EXPECT_EQ(json, R"({"a":1,"b":2.5,"c":"x\"y","d":true,"e":"2026-01-01T00:00:00.5Z",)"
                  R"("f":"2026-01-01","g":[1,{"h":[]}]})");
  EXPECT_FALSE(document.diagnostics().has_errors());
}

}  // namespace
}  // namespace sluice
