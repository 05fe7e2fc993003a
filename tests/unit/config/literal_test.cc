#include "config/literal.h"

#include <gtest/gtest.h>

#include "config/document.h"
#include "config/located_text.h"

namespace sluice {
namespace {

// The text of key `a`, which knows its place.
LocatedText text_of(std::string_view file) {
  const Document document = Document::parse(file, "t");
  EXPECT_FALSE(document.diagnostics().has_errors()) << document.diagnostics().all_lines();
  const Node* node = document.root().node().find("a");
  return node == nullptr ? LocatedText() : LocatedText(*node);
}

// Where the first `wanted` of the value is written.
Position place(const LocatedText& text, std::string_view wanted) {
  const std::size_t offset = text.text().find(wanted);
  EXPECT_NE(offset, std::string::npos) << wanted;
  return text.position_of(offset);
}

TEST(LocatedText, A_plain_text_counts_from_behind_its_quote) {
  const LocatedText text = text_of("a = \"data.t > 4\"\n");
  EXPECT_EQ(text.position(), (Position{1, 5}));
  EXPECT_EQ(text.position_of(0), (Position{1, 6}));
  EXPECT_EQ(place(text, ">"), (Position{1, 13}));
  EXPECT_EQ(text.position_of(10), (Position{1, 16})) << "the closing quote";
  EXPECT_EQ(text.position_of(99), (Position{1, 16}));
}

TEST(LocatedText, Escapes_are_wider_in_the_file_than_in_the_value) {
  const LocatedText text = text_of(R"(a = "x == \"q\" \u00e9\U0001F600 Z")");
  EXPECT_EQ(text.text(), "x == \"q\" \u00e9\U0001F600 Z");
  EXPECT_EQ(place(text, "q"), (Position{1, 13}));
  EXPECT_EQ(place(text, "\u00e9"), (Position{1, 17}));
  EXPECT_EQ(place(text, "\U0001F600"), (Position{1, 23}));
  EXPECT_EQ(place(text, "Z"), (Position{1, 34}));
}

TEST(LocatedText, A_backslash_is_itself_in_single_quotes) {
  const LocatedText text = text_of(R"(a = 'm("\d") Z')");
  EXPECT_EQ(place(text, "Z"), (Position{1, 14}));
}

TEST(LocatedText, Characters_are_counted_not_bytes) {
  EXPECT_EQ(place(text_of("a = \"\u00e9\u20ac Z\""), "Z"), (Position{1, 9}));
}

TEST(LocatedText, A_text_of_several_lines_counts_lines) {
  const LocatedText text = text_of("a = \"\"\"\nfirst\n  second \"\"quoted\"\"\n\"\"\"\n");
  EXPECT_EQ(text.position_of(0), (Position{2, 1}));
  EXPECT_EQ(place(text, "second"), (Position{3, 3}));
  EXPECT_EQ(place(text, "quoted"), (Position{3, 12}));
}

TEST(LocatedText, Continued_lines_and_line_ends_of_two_bytes_are_followed) {
  const LocatedText text = text_of("a = \"\"\"\r\none \\\r\n\r\n   two\r\nthree\"\"\"\r\n");
  EXPECT_EQ(place(text, "one"), (Position{2, 1}));
  EXPECT_EQ(place(text, "two"), (Position{4, 4}));
  EXPECT_EQ(place(text, "three"), (Position{5, 1}));
}

TEST(LocatedText, A_single_quoted_text_of_several_lines_has_no_escapes) {
  const LocatedText text = text_of("a = '''\none \\\ntwo'''");
  EXPECT_EQ(place(text, "\\"), (Position{2, 5}));
  EXPECT_EQ(place(text, "two"), (Position{3, 1}));
}

TEST(LocatedText, A_default_is_nowhere) {
  EXPECT_FALSE(LocatedText("subject").position_of(3).is_known());
}

TEST(LiteralLength, Ends_at_the_quote_that_closes) {
  EXPECT_EQ(literal_length("\"ab\" x"), 4u);
  EXPECT_EQ(literal_length("\"\" x"), 2u);
  EXPECT_EQ(literal_length(R"("a\"b" x)"), 6u);
  EXPECT_EQ(literal_length(R"('a\' x)"), 4u);
  EXPECT_EQ(literal_length("\"\"\"a\"\"\"\"\" x"), 9u) << "two quotes before the closing three";
  EXPECT_EQ(literal_length("''''''"), 6u);
}

TEST(LiteralLength, An_open_literal_ends_with_its_line_or_the_text) {
  EXPECT_EQ(literal_length("\"ab\nx"), 3u);
  EXPECT_EQ(literal_length("\"\"\"ab\nx"), 7u);
  EXPECT_EQ(literal_length("\"ab\\"), 4u);
  EXPECT_EQ(literal_length("\""), 1u);
}

}  // namespace
}  // namespace sluice
