// Unparse: an Ast as text again, with all parentheses that it needs and no others. Reading that
// text gives the same Ast; for messages and --explain, and a check on the parser.
#pragma once

#include <string>

#include "pipelines/expression/ast.h"

namespace sluice::cel {

// Of a parsed Ast that was not folded: constants are literals.
std::string unparse(const Node& node);

}  // namespace sluice::cel
