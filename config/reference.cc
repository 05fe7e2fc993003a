#include "config/reference.h"

#include <string_view>
#include <vector>

namespace sluice {
namespace {

constexpr std::string_view preface =
    "# Options\n"
    "\n"
    "<!-- Generated from the describe() functions beside the components. Do not edit. -->\n"
    "\n"
    "Every option that `sluice.toml` knows; any other key is an error. Durations are texts such "
    "as\n"
    "`\"250ms\"`, `\"10s\"` or `\"1m30s\"`; sizes are texts such as `\"256KiB\"`. A secret is a "
    "text, or\n"
    "`{ env = \"NAME\" }`, `{ file = \"/path\" }` or `{ credential = \"name\" }`. An expression is "
    "CEL.\n";

// "sources" for "source": the chapters' names.
std::string chapter(const std::string& kind) {
  std::string title = kind + "s";
  if (title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

// Text inside a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

void append_rows(std::string& out, const std::vector<OptionDescription>& options,
                 const std::string& prefix) {
  for (const OptionDescription& option : options) {
    const std::string name = prefix + option.name;
    out += "| " + code(name) + " | " + cell(option.type) + " | " +
           (option.is_required ? "yes" : "no") + " | " + code(option.default_text) + " | " +
           cell(option.bounds) + " | " + cell(option.doc) + " |\n";
    append_rows(out, option.options, name + option.options_prefix);
  }
}

}  // namespace

std::string render_reference(std::span<const ComponentDescription> components) {
  std::string out(preface);
  std::string_view kind;
  for (const ComponentDescription& component : components) {
    if (component.kind != kind) {
      kind = component.kind;
      out += "\n## " + chapter(component.kind) + "\n";
    }
    out += "\n### " + component.kind + " `" + component.type + "`\n\n" + component.summary + "\n";
    if (!component.table.options.empty()) {
      out +=
          "\n| option | type | required | default | bounds | what it does |\n"
          "|---|---|---|---|---|---|\n";
      append_rows(out, component.table.options, "");
    }
    for (const std::string& rule : component.table.rules) out += "\nRule: " + rule + ".\n";
  }
  return out;
}

}  // namespace sluice
