// What operators take and give, for the checker. langdef.md, "List of Standard Definitions".
#pragma once

#include <span>
#include <vector>

#include "pipelines/expression/ast.h"
#include "pipelines/expression/types.h"

namespace sluice::cel {

struct OperatorOverload {
  std::vector<const Type*> parameters;
  const Type* result = nullptr;
};

std::span<const OperatorOverload> operator_overloads(Operation operation);

}  // namespace sluice::cel
