// Language: the page on expressions in config/reference.md, made from the tables that checker and
// machine use.
#pragma once

#include <string>

namespace sluice {

// Markdown, from "## Expressions" on.
std::string render_language();

}  // namespace sluice
