// EmitText: the text of one `emit` field, taken apart: "collect(data.state, 20)".
//
//   name ( argument [, number ...] ) [where condition]
//
// The argument is an expression, and may itself hold commas and brackets; numbers are literals. The
// condition is an expression too: all that follows.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "pipelines/step_error.h"

namespace sluice {

struct EmitText {
  struct Part {
    std::string_view text;   // without blanks around it
    std::size_t offset = 0;  // in bytes from the start of the field
  };
  Part name;
  std::vector<Part> arguments;  // none for "count()"; parts lie in the parsed text
  std::size_t end = 0;          // offset of the closing parenthesis
  std::optional<Part> where;    // the condition
};

// On failure the error has no field: only offset and message.
std::variant<EmitText, StepError> parse_emit(std::string_view text);

}  // namespace sluice
