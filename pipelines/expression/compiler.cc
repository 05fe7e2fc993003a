#include "pipelines/expression/compiler.h"

#include <algorithm>
#include <string>

#include "pipelines/expression/fold.h"

namespace sluice::cel {
namespace {

constexpr std::size_t max_operands = 0x7000;

class Compiler {
 public:
  Compiler(std::size_t locals, Arena& arena, std::vector<ExpressionError>& errors)
      : arena_(arena), errors_(errors), locals_(locals) {}

  Program compile(const Node& root) {
    program_.result = emit(root);
    if (is_too_large_) {
      errors_.push_back({0, "the expression is too large"});
    }
    return std::move(program_);
  }

 private:
  // --- Pieces ---

  Operand new_register() {
    if (next_register_ >= max_operands) is_too_large_ = true;
    const Operand made = is_too_large_ ? Operand{0} : next_register_++;
    program_.registers = std::max(program_.registers, next_register_);
    return made;
  }

  Operand constant(const Value& value) {
    if (program_.constants.size() >= max_operands) {
      is_too_large_ = true;
      return constant_bit;
    }
    program_.constants.push_back(value);
    return static_cast<Operand>(constant_bit | (program_.constants.size() - 1));
  }

  std::size_t add(Instruction instruction) {
    program_.code.push_back(instruction);
    return program_.code.size() - 1;
  }
  std::uint32_t here() const { return static_cast<std::uint32_t>(program_.code.size()); }
  void land(std::size_t instruction) { program_.code[instruction].c = here(); }

  template <typename T>
  std::uint32_t keep(std::vector<T>& pool, T item) {
    pool.push_back(std::move(item));
    return static_cast<std::uint32_t>(pool.size() - 1);
  }

  // --- Nodes ---

  // The node's value: a constant, a local that is there already, or a new register.
  Operand emit(const Node& node) {
    if (node.kind == NodeKind::constant) return constant(node.value);
    if (node.kind == NodeKind::name && node.refers == Node::Refers::local) {
      return locals_[node.target];
    }
    const Operand target = new_register();
    emit_into(node, target);
    return target;
  }

  // Registers above `target` are free again afterwards.
  void emit_into(const Node& node, Operand target) {
    const Operand mark = next_register_;
    emit_kind(node, target);
    next_register_ = mark;
  }

  void emit_kind(const Node& node, Operand target) {
    switch (node.kind) {
      case NodeKind::constant:
        add({.op = Op::copy, .target = target, .a = constant(node.value)});
        return;
      case NodeKind::name:
        return emit_name(node, target);
      case NodeKind::select:
        return emit_select(node, target);
      case NodeKind::index:
        return emit_index(node, target);
      case NodeKind::operation:
        return emit_operation(node, target);
      case NodeKind::logical:
        return emit_logical(node, target);
      case NodeKind::conditional:
        return emit_conditional(node, target);
      case NodeKind::call:
        return emit_call(node, target);
      case NodeKind::list:
      case NodeKind::map:
        return emit_collection(node, target);
      case NodeKind::macro:
        return is_loop(node.macro) ? emit_loop(node, target) : emit_binding(node, target);
    }
  }

  void emit_name(const Node& node, Operand target) {
    switch (node.refers) {
      case Node::Refers::local:
        add({.op = Op::copy, .target = target, .a = locals_[node.target]});
        return;
      case Node::Refers::variable:
        add({.op = Op::variable, .target = target, .a = node.target});
        return;
      case Node::Refers::nothing:  // only where the checker was told not to refuse it
        add({.op = Op::copy,
             .target = target,
             .a = constant(Value::error(arena_.join("there is no name ", node.text)))});
    }
  }

  // data.a.b["c"][0] is one instruction: the variable and the keys after it.
  bool emit_path(const Node& node, Operand target) {
    std::vector<Value> keys;
    const Node* at = &node;
    while (at->kind == NodeKind::select || at->kind == NodeKind::index) {
      if (at->is_test || at->is_optional) return false;
      if (at->kind == NodeKind::select) {
        keys.push_back(Value::string(at->text));
      } else {
        const Node& key = *at->children[1];
        const bool is_key = key.kind == NodeKind::constant &&
                            (key.value.kind() == Kind::string || key.value.kind() == Kind::integer);
        if (!is_key) return false;
        keys.push_back(key.value);
      }
      at = at->children[0];
    }
    if (at->kind != NodeKind::name || at->refers != Node::Refers::variable) return false;
    std::ranges::reverse(keys);
    const auto path = keep(program_.paths, arena_.copy(std::span<const Value>(keys)));
    add({.op = Op::path, .target = target, .a = at->target, .c = path});
    return true;
  }

  void emit_select(const Node& node, Operand target) {
    if (emit_path(node, target)) return;
    const Op op = node.is_test ? Op::has : node.is_optional ? Op::optional_select : Op::select;
    const Operand operand = emit(*node.children[0]);
    add({.op = op, .target = target, .a = operand, .b = constant(Value::string(node.text))});
  }

  void emit_index(const Node& node, Operand target) {
    if (emit_path(node, target)) return;
    const Operand operand = emit(*node.children[0]);
    const Operand key = emit(*node.children[1]);
    const Op op = node.is_optional ? Op::optional_index : Op::index;
    add({.op = op, .target = target, .a = operand, .b = key});
  }

  static Op op_of(const Node& node) {
    switch (node.operation) {
      case Operation::add:
      case Operation::subtract:
      case Operation::multiply:
      case Operation::divide:
      case Operation::modulo:
        return node.promotes ? Op::promoting : Op::arithmetic;
      case Operation::negate:
        return Op::negate;
      case Operation::in:
        return Op::in;
      case Operation::logical_not:
        return Op::logical_not;
      default:
        return Op::compare;
    }
  }

  void emit_operation(const Node& node, Operand target) {
    const Operand a = emit(*node.children[0]);
    const Operand b = node.children.size() > 1 ? emit(*node.children[1]) : Operand{0};
    add({.op = op_of(node),
         .detail = static_cast<std::uint16_t>(node.operation),
         .target = target,
         .a = a,
         .b = b});
  }

  void emit_logical(const Node& node, Operand target) {
    const auto detail = static_cast<std::uint16_t>(node.operation);
    std::vector<std::size_t> leaves;
    emit_into(*node.children[0], target);
    for (const Node* child : node.children.subspan(1)) {
      leaves.push_back(add({.op = Op::leave_if, .detail = detail, .a = target}));
      const Operand mark = next_register_;
      const Operand next = emit(*child);
      add({.op = Op::merge, .detail = detail, .target = target, .a = target, .b = next});
      next_register_ = mark;
    }
    for (const std::size_t leave : leaves) land(leave);
  }

  void emit_conditional(const Node& node, Operand target) {
    const Operand condition = emit(*node.children[0]);
    const std::size_t branch = add({.op = Op::branch, .target = target, .a = condition});
    const std::size_t on_error = add({.op = Op::jump});  // the second half of the branch
    emit_into(*node.children[1], target);
    const std::size_t done = add({.op = Op::jump});
    land(branch);
    emit_into(*node.children[2], target);
    land(on_error);
    land(done);
  }

  // Arguments lie in registers one after the other.
  Operand emit_consecutive(std::span<Node* const> nodes) {
    const Operand first = next_register_;
    for (std::size_t i = 0; i < nodes.size(); ++i) new_register();
    for (std::size_t i = 0; i < nodes.size() && !is_too_large_; ++i) {
      emit_into(*nodes[i], static_cast<Operand>(first + i));
    }
    return first;
  }

  void emit_call(const Node& node, Operand target) {
    if (emit_matches(node, target)) return;
    const auto overloads = node.overload != nullptr
                               ? std::span<const Overload>(node.overload, 1)
                               : function_table().find(node.text, node.is_member);
    const Operand first = emit_consecutive(node.children);
    if (overloads.empty()) {  // only where the checker was told not to refuse it
      const std::string_view reason = arena_.join("there is no function ", node.text);
      add({.op = Op::copy, .target = target, .a = constant(Value::error(reason))});
      return;
    }
    add({.op = node.promotes ? Op::call_promoting : Op::call,
         .detail = static_cast<std::uint16_t>(node.children.size()),
         .target = target,
         .a = first,
         .c = keep(program_.functions, overloads)});
  }

  // A constant pattern is compiled once.
  bool emit_matches(const Node& node, Operand target) {
    if (node.text != "matches" || node.children.size() != 2) return false;
    const Node& pattern = *node.children[1];
    if (pattern.kind != NodeKind::constant || pattern.value.kind() != Kind::string) return false;
    Regex regex(pattern.value.as_text());
    if (!regex.error().empty()) {
      errors_.push_back({pattern.offset, "bad regular expression: " + regex.error()});
      return true;
    }
    const Operand text = emit(*node.children[0]);
    const std::uint32_t number = keep(program_.regexes, std::move(regex));
    add({.op = Op::matches, .target = target, .a = text, .c = number});
    return true;
  }

  void emit_collection(const Node& node, Operand target) {
    const bool is_list = node.kind == NodeKind::list;
    const Operand first = emit_consecutive(node.children);
    add({.op = is_list ? Op::list : Op::map,
         .detail = static_cast<std::uint16_t>(node.children.size()),
         .target = target,
         .a = first,
         .c = keep(program_.flags, node.flags)});
  }

  // loop_begin; next: loop_next; [filter; loop_filter]; body; loop_collect; loop_end
  void emit_loop(const Node& node, Operand target) {
    const Operand range = emit(*node.children[0]);
    const auto loop = static_cast<std::uint16_t>(loop_depth_++);
    program_.loops = std::max(program_.loops, static_cast<std::uint16_t>(loop_depth_));
    const auto macro = static_cast<std::uint8_t>(node.macro);
    const std::size_t begin =
        add({.op = Op::loop_begin, .macro = macro, .detail = loop, .target = target, .a = range});
    const std::uint32_t next = here();
    const std::size_t outer_locals = locals_.size();
    const Operand first = next_register_;
    for (std::size_t i = 0; i < node.variables.size(); ++i) locals_.push_back(new_register());
    const std::size_t step = add({.op = Op::loop_next,
                                  .macro = static_cast<std::uint8_t>(node.variables.size()),
                                  .detail = loop,
                                  .target = first});
    if (node.children[1] != nullptr) {
      const Operand keeps = emit(*node.children[1]);
      add({.op = Op::loop_filter, .detail = loop, .target = target, .a = keeps, .c = next});
    }
    const Operand body = emit(*node.children[2]);
    add({.op = Op::loop_collect,
         .macro = macro,
         .detail = loop,
         .target = target,
         .a = body,
         .b = first,
         .c = next});
    land(step);
    add({.op = Op::loop_end, .macro = macro, .detail = loop, .target = target});
    land(begin);
    locals_.resize(outer_locals);
    --loop_depth_;
  }

  // bind, optMap, optFlatMap.
  void emit_binding(const Node& node, Operand target) {
    const Operand operand = emit(*node.children[0]);
    if (node.macro == Macro::bind) {
      locals_.push_back(operand);
      emit_into(*node.children[2], target);
    } else {
      const Operand value = new_register();
      const std::size_t enter =
          add({.op = Op::opt_enter, .target = value, .a = operand, .b = target});
      locals_.push_back(value);
      const Operand body = emit(*node.children[2]);
      const bool is_flat = node.macro == Macro::opt_flat_map;
      add({.op = Op::opt_leave,
           .detail = static_cast<std::uint16_t>(is_flat ? 1 : 0),
           .target = target,
           .a = body});
      land(enter);
    }
    locals_.pop_back();
  }

  Arena& arena_;
  std::vector<ExpressionError>& errors_;
  Program program_;
  std::vector<Operand> locals_;  // by the number that the checker gave
  Operand next_register_ = 0;
  std::size_t loop_depth_ = 0;
  bool is_too_large_ = false;
};

}  // namespace

Program compile(Ast& ast, std::vector<ExpressionError>& errors) {
  fold_constants(ast);
  return compile_part(*ast.root, 0, ast.arena, errors);
}

Program compile_part(const Node& node, std::size_t locals, Arena& arena,
                     std::vector<ExpressionError>& errors) {
  return Compiler(locals, arena, errors).compile(node);
}

}  // namespace sluice::cel
