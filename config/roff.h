// Text within a page of roff's man macros.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// On one line; nothing in it is a request or an escape.
std::string roff(std::string_view text);

// A paragraph of it with its lines kept as they are.
std::string roff_lines(std::string_view text);

}  // namespace sluice
