// What `sluice test` says of cases that pass and, above all, of cases that do not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drivers/codecs/json.h"
#include "gateway/cli/commands.h"
#include "tests/unit/gateway/case_test_folder.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Not;

class CaseTest : public CaseTestFolder {};

constexpr const char* good_case = R"([[case]]
name = "one goes through"
do = [{ send = "floor", payload = { t = 1 } }]
expect.cloud = [{ data = { t = 1.0 } }]
)";
constexpr const char* bad_case = R"([[case]]
name = "one has another value"
do = [{ send = "floor", payload = { t = 2, u = "Cel" } }]
expect.cloud = [{ data = { t = 1, u = "Cel" } }]
)";

TEST_F(CaseTest, A_report_has_a_line_a_case_and_counts) {
  const TestRun run = run_cases(good_case);
  EXPECT_EQ(run.outcome, TestRun::Outcome::passed);
  EXPECT_EQ(report_of(run),
            "a_test.toml\n"
            "  pass  one goes through\n"
            "\n"
            "1 case in 1 file: 1 passed, 0 failed\n");
}

TEST_F(CaseTest, A_failure_shows_both_sides_and_the_line_of_the_expectation) {
  const TestRun run = run_cases(std::string(good_case) + bad_case);
  EXPECT_EQ(run.outcome, TestRun::Outcome::failed);
  EXPECT_EQ(report_of(run),
            "a_test.toml\n"
            "  pass  one goes through\n"
            "  FAIL  one has another value\n"
            "    a_test.toml:9:17: expect.cloud[0] differs\n"
            "      - data.t: 1\n"
            "      + data.t: 2\n"
            "        data.u: \"Cel\"\n"
            "        all of it: {\"specversion\":\"1.0\",\"id\":\"7e577e577e577e57/1\","
            "\"source\":\"//box/floor/device\",\"type\":\"sluice.event\","
            "\"time\":\"2026-01-01T00:00:00Z\",\"datacontenttype\":\"application/json\","
            "\"data\":{\"t\":2,\"u\":\"Cel\"}}\n"
            "\n"
            "2 cases in 1 file: 1 passed, 1 failed\n");
}

TEST_F(CaseTest, The_exit_code_says_what_came_of_it) {
  const auto exit_code_of = [this](const std::string& text, const std::string& filter = {}) {
    write("box.toml", tested_configuration);
    write("a_test.toml", text);
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = test_command({{path("a_test.toml")}, filter, false});
    testing::internal::GetCapturedStdout();
    testing::internal::GetCapturedStderr();
    return code;
  };
  const std::string head = "configuration = \"box.toml\"\n";
  EXPECT_EQ(exit_code_of(head + good_case), 0);
  EXPECT_EQ(exit_code_of(head + good_case + bad_case), 1);
  EXPECT_EQ(exit_code_of(head + good_case, "no such name"), 2);
  EXPECT_EQ(exit_code_of(head + "[[case]]\n"), 78);
}

TEST_F(CaseTest, An_event_too_few_and_one_too_many_are_told_apart) {
  const TestRun few = run_cases(R"([[case]]
name = "few"
do = [{ send = "floor", payload = { t = 1 } }]
expect.cloud = [{ data = { t = 5 }, check = "data.t == 5" }, { data = { t = 1 } }]
)");
  EXPECT_THAT(report_of(few), HasSubstr("a_test.toml:5:17: expect.cloud[0] did not come out\n"
                                        "      - {\"data\":{\"t\":5}}\n"
                                        "      - check: data.t == 5\n"
                                        "\n"));
  const TestRun many = run_cases(R"([[case]]
name = "many"
do = [{ send = "floor", payload = { t = 1 } }, { send = "floor", payload = { t = 5 } }]
expect.cloud = [{ data = { t = 5 } }]
)");
  EXPECT_THAT(report_of(many),
              HasSubstr("a_test.toml:5:8: expect.cloud: one more came out than is expected\n"
                        "      + {\"specversion\""));
  EXPECT_EQ(few.failed() + many.failed(), 2u);
}

TEST_F(CaseTest, Nothing_is_expected_of_an_empty_list_and_of_dead_letters_that_are_not_named) {
  const TestRun run = run_cases(R"([[case]]
name = "empty list"
do = [{ send = "floor", payload = { t = 1 } }]
expect.cloud = []
[[case]]
name = "a dead letter that nobody named"
do = [{ send = "floor", payload = "{" }]
expect.cloud = []
)");
  EXPECT_EQ(run.failed(), 2u);
  EXPECT_THAT(report_of(run), HasSubstr("a_test.toml:6:1: expect.dead_letters: one more came out"));
}

TEST_F(CaseTest, Exact_allows_nothing_beside_what_is_named) {
  const auto cases = [](const std::string& match) {
    return "[[case]]\nname = \"n\"\nmatch = \"" + match +
           "\"\ndo = [{ send = \"floor\", payload = { t = 1, a = { b = 2, c = [] } } }]\n"
           "expect.cloud = [{ data = { t = 1, a = { b = 2 } } }]\n";
  };
  EXPECT_EQ(run_cases(cases("subset")).failed(), 0u);
  const TestRun exact = run_cases(cases("exact"));
  EXPECT_EQ(exact.failed(), 1u);
  EXPECT_THAT(report_of(exact), HasSubstr("      + data.a.c: []\n"));
}

TEST_F(CaseTest, The_order_counts_unless_the_case_says_otherwise) {
  const auto cases = [](const std::string& order) {
    return "[[case]]\nname = \"n\"\norder = \"" + order +
           "\"\ndo = [{ send = \"floor\", payload = { t = 1 } }, { send = \"floor\", payload = { t "
           "= 2 } }]\nexpect.cloud = [{ data = { t = 2 } }, { data = { t = 1 } }]\n";
  };
  EXPECT_EQ(run_cases(cases("listed")).failed(), 1u);
  EXPECT_EQ(run_cases(cases("any")).failed(), 0u);
}

TEST_F(CaseTest, A_condition_that_is_false_or_fails_is_shown_with_its_text) {
  const TestRun run = run_cases(R"([[case]]
name = "n"
do = [{ send = "floor", payload = { t = 1 } }]
expect.cloud = [{ check = ["data.t > 0", "data.t > 3", "data.x > 3", "source == '//box/floor/device'"] }]
)");
  EXPECT_THAT(report_of(run), HasSubstr("        check: data.t > 0\n"
                                        "      - check: data.t > 3\n"
                                        "      + check: gives false\n"
                                        "      - check: data.x > 3\n"
                                        "      + check: fails: no such key: 'x'\n"
                                        "        check: source == '//box/floor/device'\n"));
}

TEST_F(CaseTest, Json_says_the_same_to_a_program) {
  const TestRun run = run_cases(std::string(good_case) + bad_case);
  Arena arena;
  const auto json = parse_json(test_run_json(run), arena);
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->find("passed")->as_int(), 1);
  EXPECT_EQ(json->find("failed")->as_int(), 1);
  const Value& file = json->find("files")->as_list()[0];
  EXPECT_EQ(file.find("file")->as_text(), path("a_test.toml"));
  const Value& failed = file.find("cases")->as_list()[1];
  EXPECT_EQ(failed.find("name")->as_text(), "one has another value");
  EXPECT_FALSE(failed.find("passed")->as_bool());
  const Value& failure = failed.find("failures")->as_list()[0];
  EXPECT_EQ(failure.find("line")->as_int(), 9);
  EXPECT_EQ(failure.find("column")->as_int(), 17);
  EXPECT_EQ(failure.find("diff")->as_list()[0].as_text(), "- data.t: 1");
}

TEST_F(CaseTest, A_folder_stands_for_the_test_files_in_it_and_a_filter_for_some_cases) {
  const std::string head =
      "configuration_text = '''\n" + std::string(tested_configuration) + "'''\n";
  write("cases/b_test.toml", head + good_case);
  write("cases/deeper/a_test.toml", head + bad_case);
  write("cases/box.toml", tested_configuration);
  const TestRun all = run({path("cases")});
  ASSERT_EQ(all.files.size(), 2u);
  EXPECT_EQ(all.files[0].path, path("cases/b_test.toml"));
  EXPECT_EQ(all.passed(), 1u);
  EXPECT_EQ(all.failed(), 1u);
  const TestRun some = run({path("cases")}, "goes through");
  EXPECT_EQ(some.outcome, TestRun::Outcome::passed);
  EXPECT_EQ(some.passed(), 1u);
  EXPECT_EQ(run({path("cases/none")}).outcome, TestRun::Outcome::bad);
  write("empty/readme.txt", "");
  EXPECT_EQ(run({path("empty")}).outcome, TestRun::Outcome::nothing);
}

}  // namespace
}  // namespace sluice
