// What `sluice test` says of a test file, or a configuration, that is wrong: all of it, with
// places.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/gateway/case_test_folder.h"

namespace sluice {
namespace {

using testing::HasSubstr;

class CaseTestErrors : public CaseTestFolder {};

TEST_F(CaseTestErrors, All_are_reported_at_once_with_line_column_and_the_nearest_name) {
  const TestRun run = run_cases(R"([[case]]
nam = "n"
name = "n"
do = [
  { sned = "floor" },
  { send = "flor" },
  { send = "floor", payload = inf },
  { wait = "3 fortnights" },
  { send = "floor", crash = true },
]
expect.clod = []
expect.cloud = [{ subjct = "x" }, { check = "data.t >" }]
expect.dead_letters = [{ raeson = "x" }]
)");
  EXPECT_EQ(run.outcome, TestRun::Outcome::bad);
  EXPECT_TRUE(run.files.empty());
  const std::string problems = problems_of(run);
  EXPECT_THAT(problems,
              HasSubstr("a_test.toml:3:1: case[0]: unknown key 'nam'; did you mean 'name'?\n"));
  EXPECT_THAT(
      problems,
      HasSubstr("a_test.toml:6:5: case[0].do[0]: unknown key 'sned'; did you mean 'send'?\n"));
  EXPECT_THAT(problems, HasSubstr("a_test.toml:7:12: case[0].do[1].send: there is no source "
                                  "'flor'; did you mean 'floor'?\n"));
  EXPECT_THAT(problems,
              HasSubstr("a_test.toml:8:31: case[0].do[2].payload: JSON has no such number"));
  EXPECT_THAT(problems, HasSubstr("a_test.toml:9:12: case[0].do[3].wait: "));
  EXPECT_THAT(problems, HasSubstr("a_test.toml:10:21: case[0].do[4]: a step is one thing"));
  EXPECT_THAT(problems, HasSubstr("a_test.toml:12:8: case[0].expect: there is no sink, pipeline or "
                                  "output 'clod'; did you mean 'cloud'?\n"));
  EXPECT_THAT(problems, HasSubstr("a_test.toml:13:19: case[0].expect.cloud[0]: unknown key "
                                  "'subjct'; did you mean 'subject'?\n"));
  EXPECT_THAT(problems, HasSubstr("a_test.toml:13:54: case[0].expect.cloud[1].check: "));
  EXPECT_THAT(problems, HasSubstr("a_test.toml:14:26: case[0].expect.dead_letters[0]: unknown key "
                                  "'raeson'; did you mean 'reason'?\n"));
}

TEST_F(CaseTestErrors, A_configuration_inside_the_file_is_reported_where_it_stands) {
  write("a_test.toml",
        "# first\nconfiguration_text = '''\n[gateway]\nnme = \"x\"\n'''\n"
        "[[case]]\nname = \"n\"\ndo = []\nexpect = {}\n");
  const TestRun run = this->run({path("a_test.toml")});
  EXPECT_EQ(run.outcome, TestRun::Outcome::bad);
  EXPECT_THAT(problems_of(run),
              HasSubstr("a_test.toml:4:1: gateway: unknown key 'nme'; did you mean 'name'?\n"));
}

TEST_F(CaseTestErrors, A_configuration_beside_the_file_is_reported_under_its_own_name) {
  write("bad.toml", "[pipelines.all]\nfrom = [\"none\"]\n");
  write("a_test.toml",
        "configuration = \"bad.toml\"\n[[case]]\nname = \"n\"\ndo = []\nexpect = {}\n");
  EXPECT_THAT(
      problems_of(run({path("a_test.toml")})),
      HasSubstr("bad.toml:2:9: pipelines.all.from[0]: there is no source or pipeline 'none'"));
}

TEST_F(CaseTestErrors, Pipelines_that_cannot_be_joined_are_reported_before_anything_runs) {
  std::string circle(tested_configuration);
  circle += "[pipelines.one]\nfrom = [\"two\"]\n[pipelines.two]\nfrom = [\"one\"]\n";
  write("box.toml", circle);
  write("a_test.toml",
        "configuration = \"box.toml\"\n[[case]]\nname = \"n\"\ndo = []\nexpect = {}\n");
  const TestRun run = this->run({path("a_test.toml")});
  EXPECT_EQ(run.outcome, TestRun::Outcome::bad);
  EXPECT_THAT(problems_of(run),
              HasSubstr("a_test.toml:1:17: configuration: pipelines read each other in a circle"));
}

TEST_F(CaseTestErrors, The_clock_never_goes_back) {
  const TestRun run = run_cases(R"([[case]]
name = "n"
do = [
  { at = "5s", wait = "10s" },
  { at = "15s", crash = true, off = "1m" },
  { at = "14s", restart = true },
]
expect = {}
)");
  EXPECT_THAT(problems_of(run),
              HasSubstr("a_test.toml:7:10: case[0].do[2].at: the clock has come to 1m15s already"));
}

TEST_F(CaseTestErrors, A_number_of_another_protocol_would_be_tested_in_vain) {
  const TestRun run = run_cases(R"([[case]]
name = "n"
do = [
  { send = "floor", message_id = 7 },
  { send = "meters", packet = 7 },
  { send = "floor", dup = true },
  { send = "floor", payload = 1, payload_base64 = "AA==" },
  { send = "floor", payload_base64 = "AA=" },
  { send_lines = "floor", file = "none.ndjson" },
]
expect = {}
)");
  const std::string problems = problems_of(run);
  EXPECT_THAT(problems, HasSubstr("do[0].message_id: belongs to CoAP"));
  EXPECT_THAT(problems, HasSubstr("do[1].packet: belongs to MQTT"));
  EXPECT_THAT(problems, HasSubstr("do[2]: 'dup' needs the 'packet'"));
  EXPECT_THAT(problems, HasSubstr("do[3]: a message has one payload"));
  EXPECT_THAT(problems, HasSubstr("do[4].payload_base64: is not base64"));
  EXPECT_THAT(problems, HasSubstr("do[5].file: cannot read the file"));
}

TEST_F(CaseTestErrors, Two_cases_of_one_name_could_not_be_told_apart) {
  const std::string one = "[[case]]\nname = \"n\"\ndo = []\nexpect = {}\n";
  EXPECT_THAT(problems_of(run_cases(one + one)),
              HasSubstr("a_test.toml:7:8: case[1].name: another case"));
}

}  // namespace
}  // namespace sluice
