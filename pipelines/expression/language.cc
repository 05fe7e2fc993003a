#include "pipelines/expression/language.h"

#include <string_view>

#include "pipelines/expression/environment.h"
#include "pipelines/expression/functions.h"
#include "pipelines/expression/macros.h"

namespace sluice {
namespace {

constexpr std::string_view preface = R"(
## Expressions

Expressions are CEL, the Common Expression Language: typed, without side effects, bounded in cost.
An expression that cannot be right is refused when the configuration is read; one that fails on an event
(a missing field, a wrong type) gives an error, and the step's `on_error` decides. `sluice eval` tries one:

    sluice eval 'data.temperature > 22.0' --event readings.ndjson

- A JSON number without fraction or exponent is an int, any other a double. In arithmetic with a number of
  `data`, int, uint and double mix as doubles; literals and attributes stay strict, as CEL says.
- `a && b` and `a || b` are decided by the side that can: an error on the other side does not matter.
- `data.?a.?b.orValue(0)` reads a field that may be missing; `has(data.a)` asks for it.
- `now()` does not exist: a replay must give the same result. `event.received` is the time of arrival.
- An expression costs at most 1,000,000 steps on an event, is at most 32 KiB long and 200 levels deep.
)";

// Inside a cell of a Markdown table; code goes between backticks.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) {
  // A text with backticks in it needs longer ones around it.
  const std::string_view fence = text.find('`') == std::string_view::npos ? "`" : "``";
  return std::string(fence) + cell(text) + std::string(fence);
}

void append_names(std::string& out) {
  const cel::Environment& environment = cel::event_environment();
  out += "\n### Names\n\n| name | type | what it is |\n|---|---|---|\n";
  const std::size_t count = environment.names().size();
  for (std::size_t i = 0; i < count; ++i) {
    out += "| " + code(environment.name(i)) + " | " + type_text(*environment.type(i)) +
           (environment.type(i)->is_nullable ? ", or null when it is not set" : "") + " | " +
           cell(cel::describe_event_name(i)) + " |\n";
  }
}

void append_operators(std::string& out) {
  out +=
      "\n### Operators\n\nFrom the loosest to the tightest: `? :`, `||`, `&&`, then "
      "`== != < <= > >= in`, then `+ -`, then `* / %`, then `!` and unary `-`, then `a.b`, `a[b]`, "
      "`a.?b`, `a[?b]` and calls.\n";
}

void append_macros(std::string& out) {
  out += "\n### Macros\n\n| form | gives | example |\n|---|---|---|\n";
  for (const cel::MacroDescription& macro : cel::macro_descriptions()) {
    out +=
        "| " + code(macro.form) + " | " + cell(macro.gives) + " | " + code(macro.example) + " |\n";
  }
}

// "startsWith", "string.(string) -> bool" -> "string.startsWith(string) -> bool"
std::string call_of(const cel::Definition& definition) {
  std::string call(definition.signature);
  call.insert(call.find('('), definition.name);
  return call;
}

void append_functions(std::string& out) {
  for (const cel::FunctionFamily& family : cel::function_families()) {
    out += "\n### " + std::string(family.title) + "\n\n| function | example |\n|---|---|\n";
    for (const cel::Definition& definition : family.definitions)
      out += "| " + code(call_of(definition)) + " | " + code(definition.example) + " |\n";
  }
}

}  // namespace

std::string render_language() {
  std::string out(preface);
  append_names(out);
  append_operators(out);
  append_macros(out);
  append_functions(out);
  return out;
}

}  // namespace sluice
