#include "pipelines/expression/explain.h"

#include <algorithm>
#include <array>
#include <vector>

#include "pipelines/expression/checker.h"
#include "pipelines/expression/compiler.h"
#include "pipelines/expression/environment.h"
#include "pipelines/expression/machine.h"
#include "pipelines/expression/parser.h"
#include "pipelines/expression/unparse.h"

namespace sluice {
namespace {

using namespace cel;

// A text that compiles, read and checked, with nothing folded yet.
struct Checked {
  Checked(std::string_view text, const ExpressionOptions& options) {
    std::vector<ExpressionError> errors;
    parse(text, ast, errors);
    CHECK(errors.empty());
    check(ast, event_environment(), {.promote_numbers = options.promote_numbers}, types, errors);
    CHECK(errors.empty());
  }
  Ast ast;
  Types types;
};

void pad(std::string& line, std::size_t width) {
  line.append(line.size() < width ? width - line.size() : 1, ' ');
}

// --- the parts and their types ---

void append_part(std::string& out, const Node& node, std::size_t depth) {
  constexpr std::size_t type_column = 48;
  std::string line(2 * depth, ' ');
  line += unparse(node);
  pad(line, type_column);
  out += line + type_text(*node.type) + "\n";
  for (const Node* child : node.children) {
    if (child != nullptr) append_part(out, *child, depth + 1);
  }
}

// --- the compiled form ---

std::string_view op_name(Op op) {
  constexpr std::array<std::string_view, 27> names = {"copy",
                                                      "variable",
                                                      "path",
                                                      "select",
                                                      "optional select",
                                                      "has",
                                                      "index",
                                                      "optional index",
                                                      "arithmetic",
                                                      "promoting",
                                                      "negate",
                                                      "compare",
                                                      "in",
                                                      "not",
                                                      "leave if",
                                                      "merge",
                                                      "branch",
                                                      "jump",
                                                      "call",
                                                      "call promoting",
                                                      "matches",
                                                      "list",
                                                      "map",
                                                      "loop begin",
                                                      "loop next",
                                                      "loop filter",
                                                      "loop collect"};
  const auto index = static_cast<std::size_t>(op);
  if (index < names.size()) return names[index];
  return op == Op::loop_end    ? "loop end"
         : op == Op::opt_enter ? "optional enter"
                               : "optional leave";
}

bool has_target_address(Op op) {
  return op == Op::leave_if || op == Op::branch || op == Op::jump || op == Op::loop_begin ||
         op == Op::loop_next || op == Op::loop_filter || op == Op::loop_collect ||
         op == Op::opt_enter;
}

std::string operand_text(const Program& program, Operand operand) {
  if ((operand & constant_bit) == 0) return "r" + std::to_string(operand);
  return to_json(program.constants[operand & ~constant_bit]);
}

std::string path_text(const Program& program, const Instruction& i) {
  std::string text = event_environment().name(i.a);
  for (const Value& key : program.paths[i.c])
    text +=
        key.kind() == Kind::string ? " . " + std::string(key.as_text()) : "[" + to_json(key) + "]";
  return text;
}

std::string detail_text(const Program& program, const Instruction& i) {
  const auto operand = [&](Operand o) { return operand_text(program, o); };
  const auto operation = [&] {
    return " " + std::string(operation_text(static_cast<Operation>(i.detail))) + " ";
  };
  switch (i.op) {
    case Op::variable:
      return event_environment().name(i.a);
    case Op::path:
      return path_text(program, i);
    case Op::arithmetic:
    case Op::promoting:
    case Op::compare:
    case Op::merge:
      return operand(i.a) + operation() + operand(i.b);
    case Op::select:
    case Op::optional_select:
    case Op::has:
    case Op::index:
    case Op::optional_index:
    case Op::in:
      return operand(i.a) + ", " + operand(i.b);
    case Op::call:
    case Op::call_promoting:
      return std::string(program.functions[i.c].front().definition.name) + " of " +
             std::to_string(i.detail) + " from " + operand(i.a);
    case Op::list:
    case Op::map:
      return std::to_string(i.detail) + " from " + operand(i.a);
    case Op::jump:
    case Op::loop_next:
    case Op::loop_end:
      return {};
    default:
      return operand(i.a);
  }
}

void append_program(std::string& out, const Program& program) {
  constexpr std::size_t name_column = 4;
  constexpr std::size_t operand_column = 20;
  for (std::size_t at = 0; at < program.code.size(); ++at) {
    const Instruction& i = program.code[at];
    std::string line = std::to_string(at);
    pad(line, name_column);
    line += op_name(i.op);
    pad(line, operand_column);
    const std::string detail = detail_text(program, i);
    if (i.op != Op::jump) line += "r" + std::to_string(i.target);
    if (!detail.empty()) line += " <- " + detail;
    if (has_target_address(i.op)) line += "  to " + std::to_string(i.c);
    out += line + "\n";
  }
  out += "the value is " + operand_text(program, program.result) + "\n";
}

// --- the place of an error ---

class ErrorFinder {
 public:
  ErrorFinder(const Event& event, std::uint64_t budget) : event_(event), budget_(budget) {}

  std::size_t find(const Node& node) {
    // What a macro binds has no value outside of it: of a macro only the operand is looked into.
    const std::size_t looked_at = node.kind == NodeKind::macro         ? 1
                                  : node.kind == NodeKind::conditional ? chosen_children(node)
                                                                       : node.children.size();
    for (const Node* child : node.children.first(looked_at)) {
      if (child != nullptr && value_of(*child).is_error()) return find(*child);
    }
    if (node.kind == NodeKind::conditional && looked_at == 1) return find(*node.children[2]);
    return node.offset;
  }

 private:
  // The condition, and what follows it when it is true; of the third one find() takes care.
  std::size_t chosen_children(const Node& node) {
    const Value condition = value_of(*node.children[0]);
    return condition.kind() == Kind::boolean && !condition.as_bool() ? 1 : 2;
  }

  Value value_of(const Node& node) {
    std::vector<ExpressionError> errors;
    const Program program = compile_part(node, 0, arena_, errors);
    if (!errors.empty()) return Value::null();
    Context context(arena_, budget_);
    return copy_to(arena_, run(program, EventBindings(event_), context));
  }

  const Event& event_;
  const std::uint64_t budget_;
  Arena arena_{4096};
};

}  // namespace

std::string explain(std::string_view text, const ExpressionOptions& options) {
  Checked checked(text, options);
  std::string out;
  append_part(out, *checked.ast.root, 0);
  std::vector<ExpressionError> errors;
  const Program program = compile(checked.ast, errors);
  out += "\n";
  if (errors.empty()) append_program(out, program);
  return out;
}

std::size_t find_error(std::string_view text, const Event& event,
                       const ExpressionOptions& options) {
  const Checked checked(text, options);
  return ErrorFinder(event, options.budget.value_or(ExpressionBudget::by_default))
      .find(*checked.ast.root);
}

}  // namespace sluice
