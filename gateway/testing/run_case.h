// Runs one test case: a fresh gateway, the steps one after the other, then what came out against
// what is expected.
#pragma once

#include <string>
#include <vector>

#include "config/diagnostics.h"
#include "gateway/testing/test_file.h"

namespace sluice {

// One line below a failure.
struct DiffLine {
  char mark = ' ';  // '-' expected, '+' got, ' ' both
  std::string text;
};

struct TestFailure {
  Position position;    // of the expectation or the step, in the test file
  std::string message;  // one line: "expect.cloud[1] differs"
  std::vector<DiffLine> diff;
};

struct CaseResult {
  std::string name;
  Position position;
  std::vector<TestFailure> failures;

  bool has_passed() const { return failures.empty(); }
};

// A case that says nothing of dead letters expects none. Other outputs that it does not name are
// not looked at.
CaseResult run_case(const TestFile& file, const TestCase& test);

}  // namespace sluice
