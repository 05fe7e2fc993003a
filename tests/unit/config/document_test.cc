#include "config/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "tests/unit/config/fixture.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> errors_of(std::string_view text) {
  return lines_of(Document::parse(text, "t"));
}

std::string repeat(std::string_view part, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += part;
  return out;
}

TEST(Document, Every_value_knows_its_place_and_path) {
  const Document document = Document::parse(
      "[sources.hall]\n"
      "topics = [\"a\",\n"
      "  \"b\"]\n"
      "[[pipelines.p.steps]]\n"
      "map = { set = { \"data.f\" = \"1\" } }\n",
      "t");
  ASSERT_FALSE(document.diagnostics().has_errors()) << document.diagnostics().all_lines();
  const Node& root = document.root().node();
  const Node& second = *root.find("sources")->find("hall")->find("topics")->children[1];
  EXPECT_EQ(second.value.begin, (Position{3, 3}));
  EXPECT_EQ(second.path(), "sources.hall.topics[1]");
  const Node& step = *root.find("pipelines")->find("p")->find("steps")->children[0];
  const Node& field = *step.find("map")->find("set")->find("data.f");
  EXPECT_EQ(field.key, (Position{5, 17}));
  EXPECT_EQ(field.value.begin, (Position{5, 28}));
  EXPECT_EQ(field.path(), "pipelines.p.steps[0].map.set.\"data.f\"");
}

TEST(Document, Keys_keep_the_order_of_the_file) {
  const Document document = Document::parse("z = 1\na.y = 1\nm = 1\na.b = 1\n", "t");
  EXPECT_THAT(document.root().keys(), ElementsAre("z", "a", "m"));
}

TEST(Document, Columns_are_characters) {
  const Document document = Document::parse("x = [\"\u00e9\u20ac\", 5]", "t");
  EXPECT_EQ(document.root().node().find("x")->children[1]->value.begin, (Position{1, 12}));
}

TEST(Document, A_byte_order_mark_moves_nothing) {
  const Document document = Document::parse("\xEF\xBB\xBFx = \"v\"", "t");
  ASSERT_FALSE(document.diagnostics().has_errors());
  EXPECT_EQ(document.root().node().find("x")->value.begin, (Position{1, 5}));
  EXPECT_EQ(document.root().node().find("x")->literal, "\"v\"");
}

TEST(Document, Nodes_stay_valid_when_the_document_is_moved) {
  Document first = Document::parse("x = \"v\"", "t");
  const RawTable root = first.root();
  const Document second = std::move(first);
  EXPECT_EQ(root.node().find("x")->literal, "\"v\"");
  EXPECT_EQ(&second.root().node(), &root.node());
}

TEST(Document, A_syntax_error_names_line_and_column) {
  EXPECT_THAT(errors_of("a = 1\nb = [1, 2\n"),
              ElementsAre(StartsWith("2:11: not valid TOML, array")));
  EXPECT_THAT(errors_of("[a]\nb = \n"), ElementsAre(StartsWith("2:5: not valid TOML")));
  EXPECT_THAT(errors_of("a = 1\na = 2\n"),
              ElementsAre(HasSubstr("cannot redefine existing integer 'a'")));
  EXPECT_THAT(errors_of("[t]\n[t]\n"), ElementsAre(StartsWith("2:1: ")));
  EXPECT_THAT(errors_of("a = \"\xff\""), ElementsAre(HasSubstr("utf-8")));
}

TEST(Document, A_syntax_error_leaves_an_empty_root) {
  const Document document = Document::parse("a = 1\nb = ", "t");
  EXPECT_TRUE(document.root().keys().empty());
  EXPECT_TRUE(document.diagnostics().has_errors());
}

TEST(Document, Deep_nesting_is_refused_before_it_can_hurt) {
  const std::size_t many = 100'000;
  EXPECT_THAT(errors_of("a = " + repeat("[", many)), ElementsAre(HasSubstr("nested too deep")));
  EXPECT_THAT(errors_of("[a" + repeat(".a", many) + "]"),
              ElementsAre(HasSubstr("nested too deep")));
  EXPECT_THAT(errors_of("a" + repeat(" . 'a'", many) + " = 1"),
              ElementsAre(HasSubstr("nested too deep")));
  EXPECT_THAT(errors_of("a = " + repeat("{ a = ", many)),
              ElementsAre(HasSubstr("nested too deep")));
}

// No bracket or dotted key alone is too deep, but both together are.
TEST(Document, Nesting_counts_headers_and_values_together) {
  const std::string header = "[a" + repeat(".a", 20) + "]\n";
  EXPECT_THAT(errors_of(header + "b = " + repeat("[", 20) + repeat("]", 20)),
              ElementsAre(HasSubstr("is nested too deep; at most 32")));
  EXPECT_THAT(errors_of(header + "b = " + repeat("[", 9) + repeat("]", 9)), ElementsAre());
}

TEST(Document, Dots_and_brackets_in_texts_and_comments_are_not_nesting) {
  const std::string many = repeat("[.", 100);
  EXPECT_THAT(errors_of("# " + many + "\na = '" + many + "'\nb = \"\"\"\n" + many + "\n\"\"\"\n"),
              ElementsAre());
  EXPECT_THAT(errors_of("a = [" + repeat("1.5,\n", 100) + "]"), ElementsAre());
}

TEST(Document, A_file_larger_than_the_bound_is_not_looked_at) {
  EXPECT_THAT(errors_of(std::string(Document::max_bytes, '\n')), ElementsAre());
  EXPECT_THAT(errors_of(std::string(Document::max_bytes + 1, '\n')),
              ElementsAre(HasSubstr("larger than 1 MiB")));
}

TEST(Document, Loads_a_file_and_says_when_there_is_none) {
  const std::string path = testing::TempDir() + "sluice_document_test.toml";
  std::ofstream(path) << "x = 5\n";
  const Result<Document> document = Document::load(path);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().node().find("x")->integer, 5);
  EXPECT_EQ(document->file_name(), path);
  std::remove(path.c_str());

  const Result<Document> none = Document::load(path);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::bad_config);
  EXPECT_THAT(none.error().message, HasSubstr(path));
  EXPECT_THAT(none.error().message, HasSubstr("No such file"));
  EXPECT_FALSE(Document::load(testing::TempDir())) << "a directory is no file";
}

}  // namespace
}  // namespace sluice
