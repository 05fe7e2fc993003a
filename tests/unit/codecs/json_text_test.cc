#include "drivers/codecs/json_text.h"

#include <gtest/gtest.h>

#include <random>

#include "drivers/codecs/json.h"

namespace sluice {
namespace {

TEST(FindSyntaxError, Points_at_the_first_byte_that_cannot_stand_there) {
  EXPECT_EQ(find_syntax_error("{\"a\":1,,}"), 7U);
  EXPECT_EQ(find_syntax_error("[1 2]"), 3U);
  EXPECT_EQ(find_syntax_error("01"), 1U);
  EXPECT_EQ(find_syntax_error("nul"), 3U);
  EXPECT_EQ(find_syntax_error("[1,"), 3U);
  EXPECT_EQ(find_syntax_error("\"a\nb\""), 2U);
  EXPECT_EQ(find_syntax_error("\"\\x\""), 2U);
  EXPECT_EQ(find_syntax_error("\"ab\xC3\x28\""), 3U);
  EXPECT_EQ(find_syntax_error("{} {}"), 3U);
  EXPECT_EQ(find_syntax_error("[}"), 1U);
}

TEST(FindSyntaxError, Finds_none_where_only_a_value_is_out_of_range) {
  EXPECT_EQ(find_syntax_error("1e999"), std::string_view::npos);
  EXPECT_EQ(find_syntax_error("\"\\ud800\""), std::string_view::npos);
}

// Two parsers written apart agree on damaged documents: the one that decides and the one that
// explains.
TEST(FindSyntaxError, Agrees_with_the_parser_on_damaged_documents) {
  const std::string whole =
      R"({"a":[1,-2.5e3,true,false,null,{"b":"c\n\u0041 \u00e9é"}],"d":{},"e":[],"f":0})";
  std::mt19937 random(7);
  constexpr std::string_view alphabet = "{}[]:,\"\\0123.eE+-truefalsn u \t\n\x80\xC3";
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = whole;
    for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = alphabet[random() % alphabet.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        default:
          text.insert(at, 1, alphabet[random() % alphabet.size()]);
          break;
      }
      if (text.empty()) break;
    }
    const bool is_valid = validate_json(text).is_ok();
    const bool is_well_formed = find_syntax_error(text) == std::string_view::npos;
    if (is_valid) {
      EXPECT_TRUE(is_well_formed) << text;
    }
    // The other way round a value may still be out of range.
    if (is_well_formed && !is_valid) {
      EXPECT_TRUE(text.find("\\u") != std::string::npos || text.find_first_of("eE") < text.size());
    }
    if (!is_valid) ++refused;
  }
  EXPECT_GT(refused, 1000);
}

TEST(ArrayElements, Of_an_empty_array_there_are_none) {
  EXPECT_EQ(ArrayElements("[]").next(), "");
  EXPECT_EQ(ArrayElements(" [ \n ] ").next(), "");
}

TEST(ArrayElements, Come_in_order_and_without_white_space_around_them) {
  ArrayElements elements("[1 , \"a,]\\\\\",{\"b\":[1,2]}]");
  EXPECT_EQ(elements.next(), "1");
  EXPECT_EQ(elements.next(), "\"a,]\\\\\"");
  EXPECT_EQ(elements.next(), "{\"b\":[1,2]}");
  EXPECT_EQ(elements.next(), "");
  EXPECT_EQ(elements.next(), "");
}

TEST(WideIntegers, Get_a_fraction_and_everything_else_stays) {
  std::string out;
  EXPECT_TRUE(append_wide_integers_as_doubles(
      R"(["99999999999999999999",99999999999999999999,-5,9999999999999999999999e3,1.5])", out));
  EXPECT_EQ(out,
            R"(["99999999999999999999",99999999999999999999.0,-5,9999999999999999999999e3,1.5])");
  out.clear();
  EXPECT_FALSE(append_wide_integers_as_doubles("[1,2,{}]", out));
  EXPECT_EQ(out, "[1,2,{}]");
}

}  // namespace
}  // namespace sluice
