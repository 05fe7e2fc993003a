// TreeWalker: the plain evaluator that the compiled one is checked against. It walks the checked
// Ast as it stands: nothing folded, no paths, no jumps, no registers. Operators and functions are
// the same table.
#pragma once

#include <vector>

#include "pipelines/expression/ast.h"
#include "pipelines/expression/context.h"
#include "pipelines/expression/environment.h"

namespace sluice::cel {

class TreeWalker {
 public:
  TreeWalker(const Bindings& bindings, Context& context) : bindings_(bindings), context_(context) {}

  Value evaluate(const Node& node);

 private:
  Value evaluate_name(const Node& node);
  Value evaluate_operation(const Node& node);
  Value evaluate_logical(const Node& node);
  Value evaluate_macro(const Node& node);
  Value evaluate_loop(const Node& node, const Value& range);
  std::vector<Value> evaluate_all(std::span<Node* const> nodes);

  const Bindings& bindings_;
  Context& context_;
  std::vector<Value> locals_;
};

}  // namespace sluice::cel
