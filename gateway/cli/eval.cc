// sluice eval: one expression on events from a file or stdin.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <variant>

#include "gateway/cli/commands.h"
#include "gateway/cli/print.h"
#include "gateway/event_lines.h"
#include "pipelines/expression/explain.h"
#include "pipelines/expression/expression.h"

namespace sluice {
namespace {

// The line of the expression that `offset` lies in, and a caret below.
std::string with_caret(std::string_view text, std::size_t offset) {
  offset = std::min(offset, text.size());
  const std::size_t line_start = text.substr(0, offset).rfind('\n') + 1;  // npos + 1 == 0
  const std::string_view line = text.substr(line_start, text.find('\n', line_start) - line_start);
  std::string below;
  for (const char c : text.substr(line_start, offset - line_start)) {
    if ((c & 0xC0) != 0x80) below += c == '\t' ? '\t' : ' ';  // a column for each code point
  }
  return "  " + std::string(line) + "\n  " + below + "^\n";
}

// Evaluates on one event and prints the value; false when it is an error.
bool evaluate_and_print(const Expression& expression, const Event& event, std::string_view where,
                        Arena& arena) {
  const Value value = expression.evaluate(event, arena);
  if (!value.is_error()) {
    print(stdout, to_json(value) + "\n");
    return true;
  }
  print(stderr, std::string(where) + "error: " + std::string(value.as_text()) + "\n" +
                    with_caret(expression.text(), find_error(expression.text(), event)));
  return false;
}

int evaluate_lines(const Expression& expression, std::istream& in, const std::string& name,
                   const std::string& topic) {
  bool is_good = true;
  std::string line;
  for (std::uint64_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = name + ":" + std::to_string(number) + ": ";
    Arena arena;
    auto event = read_event_line(line, arena);
    if (!event) {
      print(stderr, where + event.error().message + "\n");
      is_good = false;
      continue;
    }
    event->topic = topic;
    is_good &= evaluate_and_print(expression, *event, where, arena);
  }
  return is_good ? exit_ok : exit_failed;
}

}  // namespace

int eval_command(const EvalOptions& options) {
  auto compiled = Expression::compile(options.expression);
  if (const auto* errors = std::get_if<std::vector<ExpressionError>>(&compiled)) {
    for (const ExpressionError& error : *errors) {
      print(stderr,
            "error: " + error.message + "\n" + with_caret(options.expression, error.offset));
    }
    return exit_usage;
  }
  const Expression& expression = std::get<Expression>(compiled);
  if (options.is_explained) print(stdout, explain(options.expression) + "\n");
  if (options.event.empty()) {
    // Without an event the attributes are null; a constant needs none.
    if (options.is_explained) return exit_ok;
    Arena arena;
    Event event;
    event.topic = options.topic;
    return evaluate_and_print(expression, event, "", arena) ? exit_ok : exit_failed;
  }
  if (options.event == "-") return evaluate_lines(expression, std::cin, "stdin", options.topic);
  std::ifstream file(options.event);
  if (!file) {
    print(stderr, "sluice: cannot read " + options.event + "\n");
    return exit_failed;
  }
  return evaluate_lines(expression, file, options.event, options.topic);
}

}  // namespace sluice
