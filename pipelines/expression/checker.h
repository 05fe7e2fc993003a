// Checker: finds out what names mean and what types values have, and refuses what can never be
// right: an unknown name, "a" + 1, a wrong number of arguments.
//
// dyn (what comes from an event's data) may be anything: what it turns out to be is checked when
// the expression runs.
#pragma once

#include <vector>

#include "pipelines/expression/ast.h"
#include "pipelines/expression/environment.h"
#include "pipelines/expression/expression.h"

namespace sluice::cel {

struct CheckOptions {
  // Numbers of promoting dyn (types.h) mix in arithmetic.
  bool promote_numbers = true;
  // False: wrong types and unknown names are left to fail when the expression runs. Names are
  // resolved all the same.
  bool refuse_errors = true;
};

// Fills in what a Node says of the checker, and the errors in order of their offset. `types` lives
// as long as the Ast; a node's type is complete (no variables).
void check(Ast& ast, const Environment& environment, const CheckOptions& options, Types& types,
           std::vector<ExpressionError>& errors);

}  // namespace sluice::cel
