// Questions to the person at the terminal.
#pragma once

#include <string>

#include "core/result.h"

namespace sluice {

// Whether the answer begins with y. Any other, an end or an interruption is a no.
//   bad_config  there is no terminal to ask at
Result<bool> ask_yes(const std::string& question);

// What is typed is not shown.
//   bad_config  there is no terminal to ask at
Result<std::string> ask_secret(const std::string& question);

}  // namespace sluice
