// Completion of a command line in bash, zsh and fish, from the commands as CLI11 has them.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

namespace sluice {

// A script for the shell: "bash", "zsh" or "fish"; empty for another one. Options and sub-commands
// are completed, anything else as a file name.
std::string completion_script(const CLI::App& program, std::string_view shell);

}  // namespace sluice
