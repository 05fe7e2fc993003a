// Any text is an expression or a list of errors, and any expression ends on any data: with a value
// or an error, within its budget.
//
// Input: an expression, a line end, and the data it runs on as JSON-like text: one value a line,
// each the member with the line's letter.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "pipelines/expression/expression.h"
#include "pipelines/expression/numbers.h"
#include "pipelines/expression/parser.h"
#include "pipelines/expression/unparse.h"

namespace sluice {
namespace {

// A line is an int, a double, true, false, a list (each word an item), or a text.
Value read_line(std::string_view line, Arena& arena) {
  if (const auto number = cel::parse_int(line)) return Value::integer(*number);
  if (const auto number = cel::parse_double(line)) return Value::number(*number);
  if (line == "true" || line == "false") return Value::boolean(line == "true");
  if (line.find(' ') == std::string_view::npos) return Value::string(line);
  std::vector<Value> items;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    items.push_back(Value::string(line.substr(0, end)));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return Value::list(arena.copy(std::span<const Value>(items)));
}

Value read_data(std::string_view text, Arena& arena) {
  constexpr std::string_view names = "abcdefgh";
  std::vector<MapEntry> entries;
  while (!text.empty() && entries.size() < names.size()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    entries.push_back(
        {Value::string(names.substr(entries.size(), 1)), read_line(text.substr(0, end), arena)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return Value::map(arena.copy(std::span<const MapEntry>(entries)));
}

// What is read can be written, and then reads as the same.
void check_unparse(std::string_view text) {
  cel::Ast first;
  std::vector<ExpressionError> errors;
  cel::parse(text, first, errors);
  if (!errors.empty()) return;
  const std::string written = cel::unparse(*first.root);
  cel::Ast second;
  cel::parse(written, second, errors);
  if (!errors.empty()) return;  // written it may be longer or deeper than is allowed
  CHECK(cel::unparse(*second.root) == written);
}

void check_expression(std::string_view text, std::string_view data) {
  check_unparse(text);
  auto compiled = Expression::compile(text, {.budget = 20'000});
  if (const auto* errors = std::get_if<std::vector<ExpressionError>>(&compiled)) {
    CHECK(!errors->empty());
    for (const ExpressionError& error : *errors) {
      CHECK(error.offset <= text.size());
      CHECK(!error.message.empty());
    }
    return;
  }
  Arena arena;
  Event event;
  event.data = read_data(data, arena);
  event.subject = "dev-7";
  event.topic = "plant/7/telemetry";
  const Value value = std::get<Expression>(compiled).evaluate(event, arena);
  CHECK(arena.held_bytes() < 64U * 1024 * 1024);
  const Value again = std::get<Expression>(compiled).evaluate(event, arena);
  CHECK(to_json(value) == to_json(again));
}

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const std::size_t end = std::min(input.find('\n'), input.size());
  sluice::check_expression(input.substr(0, end), input.substr(std::min(end + 1, size)));
  return 0;
}
