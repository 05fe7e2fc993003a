#include "config/diagnostics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/config/fixture.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Diagnostics, A_line_has_place_path_and_message) {
  Diagnostics diagnostics("sluice.toml", "a = 1\n");
  diagnostics.error({14, 11}, "sources.hall.topics", "'a/#/b' has '#' before its end");
  EXPECT_EQ(diagnostics.all_lines(),
            "sluice.toml:14:11: sources.hall.topics: 'a/#/b' has '#' before its end\n");
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(Diagnostics, A_warning_is_marked_and_is_no_error) {
  Diagnostics diagnostics("sluice.toml", "");
  diagnostics.warning({2, 1}, "", "old name");
  EXPECT_EQ(diagnostics.all_lines(), "sluice.toml:2:1: warning: old name\n");
  EXPECT_FALSE(diagnostics.has_errors());
  EXPECT_TRUE(diagnostics.result());
}

TEST(Diagnostics, Are_sorted_by_place_and_stable) {
  Diagnostics diagnostics("f", "");
  diagnostics.error({3, 1}, "", "c");
  diagnostics.error({1, 9}, "", "a");
  diagnostics.error({3, 1}, "", "d");
  diagnostics.error({2, 1}, "", "b");
  EXPECT_EQ(diagnostics.all_lines(), "f:1:9: a\nf:2:1: b\nf:3:1: c\nf:3:1: d\n");
}

TEST(Diagnostics, The_source_line_has_a_caret_below) {
  Diagnostics diagnostics("f", "x = 1\r\n\ttopic = [\"\u00e9\", 5]\r\n");
  diagnostics.error({2, 16}, "", "wrong");
  EXPECT_EQ(diagnostics.all_with_source(),
            "f:2:16: wrong\n"
            "  2 |  topic = [\"\u00e9\", 5]\n"
            "    |                ^\n");
}

TEST(Diagnostics, A_place_behind_the_last_line_shows_no_source) {
  Diagnostics diagnostics("f", "x = 1");
  diagnostics.error({9, 1}, "", "wrong");
  EXPECT_EQ(diagnostics.all_with_source(), "f:9:1: wrong\n");
}

TEST(Diagnostics, A_long_line_is_cut_around_the_caret) {
  const std::string source = std::string(500, 'a') + "X" + std::string(500, 'b');
  Diagnostics diagnostics("f", source);
  diagnostics.error({1, 501}, "", "wrong");
  EXPECT_EQ(diagnostics.all_with_source(),
            "f:1:501: wrong\n"
            "  1 | " +
                std::string(80, 'a') + "X" + std::string(80, 'b') + "\n" + "    | " +
                std::string(80, ' ') + "^\n");
}

TEST(Diagnostics, Nothing_in_a_file_can_steer_the_terminal) {
  Diagnostics diagnostics("f", "x = \x1b[2J\xc2\x9b\xff");
  diagnostics.error({1, 5}, "a\nb", "saw \x1b[2J");
  EXPECT_EQ(diagnostics.all_with_source(), "f:1:5: a?b: saw ?[2J\n  1 | x = ?[2J??\n    |     ^\n");
}

TEST(Diagnostics, Those_beyond_the_bound_are_counted) {
  Diagnostics diagnostics("f", "");
  for (std::size_t i = 0; i < Diagnostics::max_kept + 7; ++i) diagnostics.error({1, 1}, "", "x");
  EXPECT_EQ(diagnostics.all().size(), Diagnostics::max_kept);
  EXPECT_EQ(diagnostics.error_count(), Diagnostics::max_kept + 7);
  EXPECT_THAT(diagnostics.all_lines(), HasSubstr("\nand 7 more\n"));
}

TEST(Diagnostics, The_result_is_the_first_error_and_the_number_of_others) {
  Diagnostics diagnostics("f", "");
  EXPECT_TRUE(diagnostics.result());
  diagnostics.warning({1, 1}, "", "w");
  diagnostics.error({3, 1}, "", "b");
  diagnostics.error({2, 1}, "", "a");
  const Result<void> result = diagnostics.result();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::bad_config);
  EXPECT_EQ(result.error().message, "f:2:1: a (and 1 more)");
}

// --- Secrets: the line below an error must not tell one. ---

struct Account {
  std::string user;
  Secret password;
};
void describe(Fields<Account>& fields) {
  fields.optional("user", &Account::user, "Who.")
      .optional("password", &Account::password, "Never shown.");
}

std::string shown(std::string_view text) {
  return Reading<Account>(text).document.diagnostics().all_with_source();
}

TEST(HiddenValues, A_literal_secret_is_masked_beside_another_error) {
  Document document = Document::parse("login = { user = 5, password = \"hunter2\" }", "f");
  Account account;
  read_table(RawTable(*document.root().node().find("login")), account, document.diagnostics());
  EXPECT_EQ(document.diagnostics().all_with_source(),
            "f:1:18: login.user: must be a text in quotes, not the integer 5\n"
            "  1 | login = { user = 5, password = ********* }\n"
            "    |                  ^\n");
}

TEST(HiddenValues, The_value_of_an_unknown_key_may_be_a_misspelt_secret) {
  const std::string text = shown("pasword = \"hunter2\"");
  EXPECT_THAT(text, HasSubstr("did you mean 'password'?"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

TEST(HiddenValues, A_secret_of_the_wrong_type_is_not_quoted) {
  EXPECT_THAT(shown("password = 99812"), Not(HasSubstr("99812")));
  EXPECT_THAT(shown("password = [\"hunter2\"]"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(shown("password = { envv = \"hunter2\" }"), Not(HasSubstr("hunter2")));
}

TEST(HiddenValues, A_file_that_does_not_parse_shows_its_structure_only) {
  EXPECT_THAT(shown("password = hunter2"), HasSubstr("  1 | password = *******\n"));
  EXPECT_THAT(shown("password = \"hunter2\nx = 1"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(shown("k = \"\"\"\nhunter2 \\q\n\"\"\""), Not(HasSubstr("hunter2")));
  EXPECT_THAT(shown("[table\n"), HasSubstr("  1 | [table\n"));
}

TEST(HiddenValues, A_value_that_is_no_secret_is_shown) {
  EXPECT_THAT(shown("user = 77"), HasSubstr("user = 77\n"));
}

}  // namespace
}  // namespace sluice
