#include "pipelines/expression/fold.h"

#include <algorithm>

#include "pipelines/expression/compiler.h"
#include "pipelines/expression/machine.h"

namespace sluice::cel {
namespace {

// What is folded must stay small: it is computed at start-up and kept for ever.
constexpr std::uint64_t fold_budget = 10'000;

class NoBindings final : public Bindings {
 public:
  Value fetch(std::size_t, Arena&) const override {
    return Value::error("a constant has no names");
  }
};

// A part may be folded when every name in it is bound inside of it.
bool is_closed(const Node& node, std::size_t first_own_local) {
  if (node.kind == NodeKind::name) {
    return node.refers == Node::Refers::local && node.target >= first_own_local;
  }
  return std::ranges::all_of(node.children, [&](const Node* child) {
    return child == nullptr || is_closed(*child, first_own_local);
  });
}

class Folder {
 public:
  explicit Folder(Ast& ast) : ast_(ast) {}

  // `locals`: how many are bound around the node.
  void fold(Node& node, std::size_t locals) {
    if (node.kind == NodeKind::constant) return;
    if (is_closed(node, locals) && evaluate(node, locals)) return;
    if (node.kind == NodeKind::macro) {
      fold(*node.children[0], locals);
      const std::size_t inside = locals + node.variables.size();
      if (node.children[1] != nullptr) fold(*node.children[1], inside);
      fold(*node.children[2], inside);
      return;
    }
    for (Node* child : node.children) fold(*child, locals);
  }

 private:
  bool evaluate(Node& node, std::size_t locals) {
    std::vector<ExpressionError> errors;
    const Program program = compile_part(node, locals, ast_.arena, errors);
    if (!errors.empty()) return false;
    Context context(ast_.arena, fold_budget);
    const Value value = run(program, NoBindings(), context);
    if (value.is_error()) return false;
    node.kind = NodeKind::constant;
    node.value = value;
    node.children = {};
    return true;
  }

  Ast& ast_;
};

}  // namespace

void fold_constants(Ast& ast) { Folder(ast).fold(*ast.root, 0); }

}  // namespace sluice::cel
