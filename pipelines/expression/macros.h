// Macros: calls that bind names in their arguments, or look at an argument without evaluating it.
// langdef.md, "Macros"; the two-variable, optional and bind macros are CEL's extensions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "pipelines/expression/ast.h"

namespace sluice::cel {

// When `call` is written as a macro (by its name and number of arguments), turns the node into one.
// Returns an error message, and in `offset` its place, when it is one but is not well formed.
std::string expand_macro(Node& call, Arena& arena, std::uint32_t& offset);

// How a macro is written, what it gives, and an expression with it that is true (a test evaluates
// it).
struct MacroDescription {
  std::string_view name;
  std::string_view form;
  std::string_view gives;
  std::string_view example;
};
std::span<const MacroDescription> macro_descriptions();

}  // namespace sluice::cel
