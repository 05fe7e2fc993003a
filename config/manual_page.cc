#include "config/manual_page.h"

#include <vector>

#include "config/roff.h"

namespace sluice {
namespace {

constexpr std::string_view preface =
    ".SH NAME\n"
    "sluice.toml \\- configuration of the Sluice event gateway\n"
    ".SH SYNOPSIS\n"
    ".I /etc/sluice/sluice.toml\n"
    ".SH DESCRIPTION\n"
    "A TOML file: sources take events in, pipelines change them, sinks send them on.\n"
    ".B sluice check\n"
    "shows all its errors, with line, column and what would be right;\n"
    ".B sluice reload\n"
    "puts it into force. Every option is listed here; any other key is an error.\n"
    ".PP\n"
    "Durations are texts such as \"250ms\", \"10s\" or \"1m30s\"; sizes are texts such as "
    "\"256KiB\". A\n"
    "secret is a text, or { env = \"NAME\" }, { file = \"/path\" } or { credential = \"name\" }. "
    "An\n"
    "expression is CEL; its functions and the aggregates of windows are in the output of\n"
    ".BR \"sluice reference\" .\n";

constexpr std::string_view end =
    ".SH FILES\n"
    ".TP\n"
    ".I /etc/sluice/sluice.toml\n"
    "The configuration in force.\n"
    ".TP\n"
    ".I /usr/share/doc/sluice/examples/\n"
    "Configurations to begin with, each with its tests.\n"
    ".SH SEE ALSO\n"
    ".BR sluice (8)\n";

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

// "text, required", "duration, default 10s, 1s to 18h"
std::string nature(const OptionDescription& option) {
  std::string out = option.type;
  if (option.is_required) out += ", required";
  if (!option.default_text.empty()) out += ", default " + option.default_text;
  if (!option.bounds.empty()) out += "; " + option.bounds;
  return out;
}

void append_options(std::string& out, const std::vector<OptionDescription>& options,
                    const std::string& prefix) {
  for (const OptionDescription& option : options) {
    const std::string name = prefix + option.name;
    out += ".TP\n\\fB" + roff(name) + "\\fR (" + roff(nature(option)) + ")\n" + roff(option.doc) +
           "\n";
    append_options(out, option.options, name + option.options_prefix);
  }
}

}  // namespace

std::string render_manual_page(std::span<const ComponentDescription> components,
                               std::string_view version) {
  std::string out = ".TH SLUICE.TOML 5 \"\" \"sluice " + roff(version) + "\" \"File formats\"\n";
  out += preface;
  std::string_view kind;
  for (const ComponentDescription& component : components) {
    if (component.kind != kind) {
      kind = component.kind;
      out += ".SH " + upper(component.kind) + "S\n";
    }
    out += ".SS " + roff(component.type) + "\n" + roff(component.summary) + "\n";
    append_options(out, component.table.options, "");
    for (const std::string& rule : component.table.rules) out += ".PP\nRule: " + roff(rule) + ".\n";
  }
  out += end;
  return out;
}

}  // namespace sluice
