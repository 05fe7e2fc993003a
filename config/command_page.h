// The manual page of a command, from the command as CLI11 has it.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

namespace sluice {

// Whether sub-commands have pages of their own, which are only named, or are part of this one.
enum class CommandPages : bool { none, own };

// Roff with the man macros: synopsis, options, sub-commands. `name` is "sluice buffer"; the page is
// sluice-buffer(8).
std::string render_command_page(const CLI::App& command, std::string_view name,
                                std::string_view version, CommandPages pages);

// The same for `page`: the program's own name, or "sluice-buffer". Empty: there is no such command.
std::string find_command_page(const CLI::App& program, std::string_view page,
                              std::string_view version);

// What packages are made from, as hidden options of a program without a command for it: --man-page
// and --completion SHELL print and end the parsing (CLI::Success). The program's page has all its
// commands.
void add_package_options(CLI::App& program, std::string_view version);

}  // namespace sluice
