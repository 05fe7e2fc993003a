// Other programs: how one is run, fed and listened to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sluice {

struct ProgramRun {
  int exit_code = 0;  // 128 + the signal that ended it
  std::string output;
  std::string errors;
};

// Runs the program, found on $PATH, with this on its stdin, and waits for its end. It gets our
// environment and a C locale.
//   bad_config  it is not installed; the message names it
Result<ProgramRun> run_program(const std::vector<std::string>& command,
                               std::string_view input = {});

// The same where any exit code but 0 is an error; gives its stdout. The message has the last line
// it printed.
Result<std::string> output_of(const std::vector<std::string>& command, std::string_view input = {});

// Whether there is such a program on $PATH.
bool is_installed(const std::string& program);

}  // namespace sluice
