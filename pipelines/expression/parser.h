// Parser: tokens -> Ast. Macros are recognised here, as CEL demands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipelines/expression/ast.h"
#include "pipelines/expression/expression.h"

namespace sluice::cel {

// Bounds on the text of one expression: nothing that a person writes comes near.
constexpr std::size_t max_source_bytes = 32 * 1024;
constexpr std::size_t max_depth = 200;

// Reads `source` into `ast`, whose texts may lie in `source`. On failure the root is nullptr and
// `errors` has grown.
void parse(std::string_view source, Ast& ast, std::vector<ExpressionError>& errors);

}  // namespace sluice::cel
