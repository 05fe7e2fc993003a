// Texts of expressions and what they are read as, told by writing them again.
#include "pipelines/expression/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipelines/expression/unparse.h"

namespace sluice::cel {
namespace {

std::string again(std::string_view text) {
  Ast ast;
  std::vector<ExpressionError> errors;
  parse(text, ast, errors);
  return errors.empty() ? unparse(*ast.root) : "error: " + errors.front().message;
}

TEST(Parser, Knows_precedence_and_associativity) {
  EXPECT_EQ(again("1+2*3-4"), "1 + 2 * 3 - 4");
  EXPECT_EQ(again("(1+2)*3"), "(1 + 2) * 3");
  EXPECT_EQ(again("1-(2-3)"), "1 - (2 - 3)");
  EXPECT_EQ(again("a||b&&c||d"), "a || b && c || d");
  EXPECT_EQ(again("(a||b)&&c"), "(a || b) && c");
  EXPECT_EQ(again("a?b:c?d:e"), "a ? b : c ? d : e");
  EXPECT_EQ(again("(a?b:c)?d:e"), "(a ? b : c) ? d : e");
  EXPECT_EQ(again("!(a<b)"), "!(a < b)");
  EXPECT_EQ(again("-(5)"), "-(5)");
  EXPECT_EQ(again("- 5"), "-5");
  EXPECT_EQ(again("-a.b"), "-a.b");
  EXPECT_EQ(again("x in [1] == true"), "x in [1] == true");
}

TEST(Parser, Reads_numbers_in_all_forms) {
  EXPECT_EQ(again("0x10"), "16");
  EXPECT_EQ(again("-0x10"), "-16");
  EXPECT_EQ(again("0XfFu"), "255u");
  EXPECT_EQ(again("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(again(".5"), "0.5");
  EXPECT_EQ(again("1e3"), "1000.0");
  EXPECT_EQ(again("1e999"), "1e999");
  EXPECT_EQ(again("1e-999"), "0.0");
}

TEST(Parser, Reads_texts_in_all_forms) {
  EXPECT_EQ(again("'a\"b'"), "\"a\\042b\"");
  EXPECT_EQ(again("r'\\d'"), "\"\\134d\"");
  EXPECT_EQ(again("'''a\n'b'''"), "\"a\\012'b\"");
  EXPECT_EQ(again("'\\u00e9'"), "\"\xC3\xA9\"");
  EXPECT_EQ(again("'\\xe9'"), "\"\xC3\xA9\"");
  EXPECT_EQ(again("b'\\xe9'"), "b\"\\351\"");
  EXPECT_EQ(again("bR'\\x'"), "b\"\\134x\"");
  EXPECT_THAT(again("'\\ud800'"), testing::StartsWith("error: "));
  EXPECT_THAT(again("b'\\u00e9'"), testing::StartsWith("error: "));
  EXPECT_THAT(again("'\\400'"), testing::StartsWith("error: "));
}

TEST(Parser, Reads_fields_elements_and_calls) {
  EXPECT_EQ(again("a.b[1].c(2,3).?d[?4].`x-y`"), "a.b[1].c(2, 3).?d[?4].`x-y`");
  EXPECT_EQ(again(".a.b"), ".a.b");
  EXPECT_EQ(again("{'if': 1}.if"), "{\"if\": 1}.if");
  EXPECT_EQ(again("[1, ?a, ]"), "[1, ?a]");
  EXPECT_EQ(again("{?a: b, 'c': d,}"), "{?a: b, \"c\": d}");
  EXPECT_EQ(again("f ( ) // nothing"), "f()");
}

TEST(Parser, Reads_macros) {
  for (const char* text :
       {"has(a.b)", "a.all(x, x > 1)", "a.exists(k, v, v > 1)", "a.exists_one(x, x)",
        "a.map(x, x > 1, x + 1)", "a.filter(x, x)", "a.transformList(i, v, v)",
        "a.transformMap(k, v, v > 1, v)", "a.sortBy(x, -x)", "cel.bind(x, 1, x + x)",
        "a.optMap(x, x + 1)", "a.optFlatMap(x, x.?y)"}) {
    EXPECT_EQ(again(text), text);
  }
}

TEST(Parser, Refuses_what_is_nested_too_deep) {
  const auto nested = [](std::size_t depth, std::string_view open, std::string_view close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return again(text);
  };
  EXPECT_THAT(nested(100, "[", "]"), testing::Not(testing::StartsWith("error")));
  EXPECT_THAT(nested(10'000, "[", "]"), testing::HasSubstr("nested deeper"));
  EXPECT_THAT(nested(10'000, "(", ")"), testing::HasSubstr("nested deeper"));
  EXPECT_THAT(nested(10'000, "!", ""), testing::HasSubstr("nested deeper"));
  EXPECT_THAT(nested(5'000, "1+", ""), testing::HasSubstr("nested deeper"));
  EXPECT_THAT(nested(5'000, "a?b:", ""), testing::HasSubstr("nested deeper"));
  EXPECT_THAT(nested(5'000, "1||", ""), testing::Not(testing::StartsWith("error")));
  EXPECT_THAT(again(std::string(max_source_bytes + 1, ' ')), testing::HasSubstr("may have"));
}

}  // namespace
}  // namespace sluice::cel
