#include "tests/unit/expression/fixture.h"

namespace sluice {

ExpressionTest::ExpressionTest() {
  const Value deep = list({Value::integer(1), Value::integer(2)});
  const Value nested =
      map({{Value::string("deep"), deep}, {Value::string("a"), Value::integer(4)}});
  event_.data =
      map({{Value::string("temperature"), Value::integer(22)},
           {Value::string("humidity"), Value::number(40.5)},
           {Value::string("name"), Value::string("hall")},
           {Value::string("flag"), Value::boolean(true)},
           {Value::string("count"), Value::integer(3)},
           {Value::string("list"), list({Value::integer(5), Value::integer(6), Value::integer(7)})},
           {Value::string("nested"), nested}});
  event_.id = "7";
  event_.subject = "dev-7";
  event_.topic = "plant/7/telemetry";
  event_.source_name = "floor";
  event_.time = Timestamp(std::chrono::seconds(1'234'567'890));
  event_.received = event_.time + std::chrono::milliseconds(250);
}

Value ExpressionTest::map(std::vector<MapEntry> entries) {
  return Value::map(arena_.copy(std::span<const MapEntry>(entries)));
}

Value ExpressionTest::list(std::vector<Value> items) {
  return Value::list(arena_.copy(std::span<const Value>(items)));
}

std::string ExpressionTest::evaluate(std::string_view text, const ExpressionOptions& options) {
  auto compiled = Expression::compile(text, options);
  if (const auto* problems = std::get_if<std::vector<ExpressionError>>(&compiled)) {
    ADD_FAILURE() << text << ": " << problems->front().message;
    return {};
  }
  const Value value = std::get<Expression>(compiled).evaluate(event_, arena_);
  return value.is_error() ? "error: " + std::string(value.as_text()) : to_json(value);
}

std::vector<std::string> ExpressionTest::errors(std::string_view text) {
  auto compiled = Expression::compile(text);
  std::vector<std::string> lines;
  if (const auto* problems = std::get_if<std::vector<ExpressionError>>(&compiled)) {
    for (const ExpressionError& problem : *problems) {
      lines.push_back(std::to_string(problem.offset) + ": " + problem.message);
    }
  }
  return lines;
}

}  // namespace sluice
