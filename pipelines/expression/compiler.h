// Compiler: a checked Ast -> Program. Parts without names are evaluated here, once.
#pragma once

#include <vector>

#include "pipelines/expression/ast.h"
#include "pipelines/expression/expression.h"
#include "pipelines/expression/program.h"

namespace sluice::cel {

// The Program lends texts and constants from `ast`, which outlives it. Errors: a pattern that is no
// regular expression, an expression too large.
Program compile(Ast& ast, std::vector<ExpressionError>& errors);

// A part of an Ast that uses none of the `locals` that are bound around it.
Program compile_part(const Node& node, std::size_t locals, Arena& arena,
                     std::vector<ExpressionError>& errors);

}  // namespace sluice::cel
