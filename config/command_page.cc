#include "config/command_page.h"

#include <iostream>
#include <vector>

#include "config/completion.h"
#include "config/roff.h"

namespace sluice {
namespace {

std::vector<const CLI::App*> subcommands_of(const CLI::App& command) {
  return command.get_subcommands([](const CLI::App*) { return true; });
}

std::string page_name(std::string_view command) {
  std::string name(command);
  for (char& c : name) {
    if (c == ' ') c = '-';
  }
  return name;
}

// "Show events, oldest first" as the NAME section has it: one line, beginning small.
std::string summary(std::string text) {
  text = text.substr(0, text.find('\n'));
  const std::size_t colon = text.find(": ");  // "Sluice: takes ..."
  if (colon < text.find(' ')) text.erase(0, colon + 2);
  if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a')
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  while (!text.empty() && (text.back() == ',' || text.back() == '.')) text.pop_back();
  return text;
}

// "--limit,-n UINT" or "FILE"
std::string option_head(const CLI::Option& option) {
  std::string out;
  const auto add = [&](const std::string& name) { out += (out.empty() ? "" : ", ") + name; };
  for (const std::string& name : option.get_snames()) add("-" + name);
  for (const std::string& name : option.get_lnames()) add("--" + name);
  if (out.empty()) return "\\fI" + roff(option.get_name()) + "\\fR";
  out = "\\fB" + roff(out) + "\\fR";
  if (option.get_items_expected_max() > 0) out += " \\fI" + roff(option.get_type_name()) + "\\fR";
  return out;
}

void append_options(std::string& out, const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_group().empty()) continue;
    out += ".TP\n" + option_head(*option) + "\n" + roff(option->get_description());
    if (!option->get_default_str().empty())
      out += " (default: " + roff(option->get_default_str()) + ")";
    out += "\n";
  }
}

std::string synopsis(const CLI::App& command, std::string_view name) {
  std::string out = ".B " + roff(name) + "\n";
  out += "[\\fIOPTIONS\\fR]";
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) continue;
    const std::string word = "\\fI" + roff(option->get_name()) + "\\fR";
    out += option->get_required() ? " " + word : " [" + word + "]";
  }
  if (!subcommands_of(command).empty()) out += " \\fICOMMAND\\fR";
  return out + "\n";
}

// Sub-commands of all depths, each as a section of its own.
void append_subcommands(std::string& out, const CLI::App& command, const std::string& name) {
  for (const CLI::App* subcommand : subcommands_of(command)) {
    const std::string whole = name + " " + subcommand->get_name();
    if (!subcommands_of(*subcommand).empty()) {
      append_subcommands(out, *subcommand, whole);
      continue;
    }
    out += ".SS " + roff(whole) + "\n" + roff(subcommand->get_description()) + ".\n.PP\n" +
           synopsis(*subcommand, whole);
    append_options(out, *subcommand);
  }
}

// The program's own page names its commands; each has a page of its own.
void append_commands(std::string& out, const CLI::App& program, const std::string& name) {
  out += ".SH COMMANDS\n";
  for (const CLI::App* command : subcommands_of(program)) {
    out += ".TP\n.BR " + roff(page_name(name + " " + command->get_name())) + " (8)\n" +
           roff(command->get_description()) + ".\n";
  }
}

constexpr std::string_view files =
    ".SH FILES\n"
    ".TP\n.I /etc/sluice/sluice.toml\nThe configuration in force; see\n.BR sluice.toml (5).\n"
    ".TP\n.I /etc/sluice/credentials/\nSecrets that the configuration names by { credential = "
    "\"NAME\" }, a file each.\n"
    ".TP\n.I /var/lib/sluice/\nThe store.\n";

}  // namespace

std::string render_command_page(const CLI::App& command, std::string_view name,
                                std::string_view version, CommandPages pages) {
  const std::string page = page_name(name);
  std::string out =
      ".TH \"" + page + "\" 8 \"\" \"sluice " + std::string(version) + "\" \"Sluice\"\n.SH NAME\n" +
      roff(page) + " \\- " + roff(summary(command.get_description())) + "\n.SH SYNOPSIS\n" +
      synopsis(command, name) + ".SH DESCRIPTION\n" + roff(command.get_description()) +
      (command.get_description().ends_with('.') ? "\n" : ".\n") + ".SH OPTIONS\n";
  append_options(out, command);
  if (pages == CommandPages::own) {
    append_commands(out, command, std::string(name));
  } else if (!subcommands_of(command).empty()) {
    out += ".SH COMMANDS\n";
    append_subcommands(out, command, std::string(name));
  }
  out += files;
  const CLI::App* root = &command;
  while (root->get_parent() != nullptr) root = root->get_parent();
  const std::string footer = root->get_footer();
  if (!footer.empty()) out += ".SH NOTES\n" + roff_lines(footer);
  out += ".SH SEE ALSO\n";
  if (name != "sluice") out += ".BR sluice (8),\n";
  return out + ".BR sluice.toml (5)\n";
}

std::string find_command_page(const CLI::App& program, std::string_view page,
                              std::string_view version) {
  const std::string& name = program.get_name();
  if (page == name) return render_command_page(program, name, version, CommandPages::own);
  for (const CLI::App* command : subcommands_of(program)) {
    if (page == name + "-" + command->get_name())
      return render_command_page(*command, name + " " + command->get_name(), version,
                                 CommandPages::none);
  }
  return {};
}

void add_package_options(CLI::App& program, std::string_view version) {
  program
      .add_flag_callback(
          "--man-page",
          [&program, version = std::string(version)] {
            std::cout << render_command_page(program, program.get_name(), version,
                                             CommandPages::none);
            throw CLI::Success();
          },
          "Print the manual page")
      ->group("");
  program
      .add_option_function<std::string>(
          "--completion",
          [&program](const std::string& shell) {
            std::cout << completion_script(program, shell);
            throw CLI::Success();
          },
          "Print a completion script")
      ->group("");
}

}  // namespace sluice
