#include "pipelines/step_error.h"

#include <utility>

namespace sluice {
namespace {

std::string_view type_name(ExpressionType type) {
  switch (type) {
    case ExpressionType::dyn:
      return "dyn";
    case ExpressionType::null:
      return "null";
    case ExpressionType::boolean:
      return "bool";
    case ExpressionType::integer:
      return "int";
    case ExpressionType::uinteger:
      return "uint";
    case ExpressionType::number:
      return "double";
    case ExpressionType::string:
      return "string";
    case ExpressionType::bytes:
      return "bytes";
    case ExpressionType::list:
      return "list";
    case ExpressionType::map:
      return "map";
    case ExpressionType::timestamp:
      return "timestamp";
    case ExpressionType::duration:
      return "duration";
    case ExpressionType::type:
      return "type";
    case ExpressionType::optional:
      return "optional";
  }
  return "?";
}

}  // namespace

std::optional<Expression> compile_field(std::string_view field, std::string_view text,
                                        std::size_t offset, StepErrors& errors) {
  auto compiled = Expression::compile(text);
  if (auto* expression = std::get_if<Expression>(&compiled)) return std::move(*expression);
  for (ExpressionError& error : std::get<std::vector<ExpressionError>>(compiled)) {
    errors.push_back({std::string(field), offset + error.offset, std::move(error.message)});
  }
  return std::nullopt;
}

std::optional<Expression> compile_condition(std::string_view field, std::string_view text,
                                            StepErrors& errors) {
  auto expression = compile_field(field, text, 0, errors);
  if (!expression) return std::nullopt;
  if (expression->type() != ExpressionType::boolean && expression->type() != ExpressionType::dyn) {
    errors.push_back({std::string(field), 0,
                      "the expression gives a value of type " +
                          std::string(type_name(expression->type())) +
                          "; a condition is true or false, for example data.temperature > 40.0"});
    return std::nullopt;
  }
  return expression;
}

std::string quoted(std::string_view text) {
  std::string message("'");
  message += text;
  message += '\'';
  return message;
}

std::string condition_failure(const Value& value) {
  if (value.is_error()) return std::string(value.as_text());
  return "the condition gave a value of type " + std::string(kind_name(value.kind())) +
         ", which is neither true nor false";
}

}  // namespace sluice
