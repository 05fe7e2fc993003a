// Folding: parts of an expression that name nothing are evaluated when it is compiled.
#pragma once

#include "pipelines/expression/ast.h"

namespace sluice::cel {

// Replaces the largest parts without variables by their values. A part whose value is an error
// stays as it is: it may never be reached. Needs a checked Ast.
void fold_constants(Ast& ast);

}  // namespace sluice::cel
