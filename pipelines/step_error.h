// StepError: what is wrong with a step's configuration, and where.
//
// A factory of a step gives the step, or all errors of its configuration at once. Whoever reads the
// configuration file turns (field, offset) into a line and a column.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pipelines/expression/expression.h"
#include "pipelines/step.h"

namespace sluice {

struct StepError {
  std::string field;       // the member of the step's configuration: "key", "emit.mean"
  std::size_t offset = 0;  // in bytes into that field's text; 0 for a value that is no text
  std::string message;     // what is wrong, and what would be right
};

using StepErrors = std::vector<StepError>;
using StepOrErrors = std::variant<std::unique_ptr<Step>, StepErrors>;

// Compiles the expression `text` of `field`, which starts `offset` bytes into the field. Nothing:
// what is wrong was added to `errors`.
std::optional<Expression> compile_field(std::string_view field, std::string_view text,
                                        std::size_t offset, StepErrors& errors);

// The same for an expression that must be true or false.
std::optional<Expression> compile_condition(std::string_view field, std::string_view text,
                                            StepErrors& errors);

// 'text', for a message.
std::string quoted(std::string_view text);

// Why the value of a condition, neither true nor false, fails the event.
std::string condition_failure(const Value& value);

}  // namespace sluice
