// `sluice test`: finds test files, runs their cases, and says what came of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gateway/testing/run_case.h"

namespace sluice {

struct TestOptions {
  // Files, or folders: of these all files whose names end in `_test.toml`, also in folders inside.
  std::vector<std::string> paths;
  std::string filter;  // only cases whose name contains this; empty: all
  bool is_json = false;
};

struct FileResult {
  std::string path;
  std::vector<CaseResult> cases;
};

struct TestRun {
  enum class Outcome : std::uint8_t {
    passed,
    failed,   // at least one case
    nothing,  // there is no case to run
    bad,      // a test file or a configuration has errors; nothing was run
  };
  Outcome outcome = Outcome::passed;
  std::string problems;  // for stderr: why nothing was run
  std::vector<FileResult> files;

  std::size_t passed() const;
  std::size_t failed() const;
};
TestRun run_tests(const TestOptions& options);

// A line a case, a difference below each failure, and a last line that counts.
std::string render_test_run(const TestRun& run, bool is_colored);
// The same for programs; README.md beside this file shows its form.
std::string test_run_json(const TestRun& run);

}  // namespace sluice
