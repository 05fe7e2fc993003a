// The parts of the function table, one a file. A new function is a row in one of them.
#pragma once

#include <span>

#include "pipelines/expression/functions.h"

namespace sluice::cel {

std::span<const Definition> string_functions();
std::span<const Definition> format_functions();
std::span<const Definition> conversion_functions();
std::span<const Definition> time_functions();
std::span<const Definition> math_functions();
std::span<const Definition> list_functions();
std::span<const Definition> optional_functions();
std::span<const Definition> encoder_functions();
std::span<const Definition> event_functions();  // Sluice's own, on top of CEL

// A value as format()'s %s and join write it: no quotes, maps by key.
// Appends nothing but gives the reason when the value, or one inside it, has no text.
std::string_view append_plain(std::string& out, const Value& value, Context& context);

}  // namespace sluice::cel
