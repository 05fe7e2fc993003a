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

}  // namespace sluice::cel
