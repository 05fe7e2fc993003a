#include <unistd.h>

#include <cstdio>

#include "core/log.h"
#include "gateway/cli/commands.h"
#include "gateway/testing/run_tests.h"

namespace sluice {
namespace {

int exit_code(TestRun::Outcome outcome) {
  switch (outcome) {
    case TestRun::Outcome::passed:
      return exit_ok;
    case TestRun::Outcome::failed:
      return exit_failed;
    case TestRun::Outcome::nothing:
      return exit_usage;
    case TestRun::Outcome::bad:
      return exit_bad_configuration;
  }
  return exit_failed;
}

}  // namespace

int test_command(const TestOptions& options) {
  set_log_level(LogLevel::error);  // a case may well provoke warnings
  const TestRun run = run_tests(options);
  std::fputs(run.problems.c_str(), stderr);
  if (options.is_json) {
    std::fputs(test_run_json(run).c_str(), stdout);
  } else if (!run.files.empty()) {
    std::fputs(render_test_run(run, isatty(STDOUT_FILENO) == 1).c_str(), stdout);
  }
  return exit_code(run.outcome);
}

}  // namespace sluice
