#include "tests/unit/expression/tree_walker.h"

#include <deque>
#include <optional>

#include "pipelines/expression/access.h"
#include "pipelines/expression/functions.h"
#include "pipelines/expression/operators.h"
#include "pipelines/expression/sorting.h"

namespace sluice::cel {

Value TreeWalker::evaluate(const Node& node) {
  switch (node.kind) {
    case NodeKind::constant:
      return node.value;
    case NodeKind::name:
      return evaluate_name(node);
    case NodeKind::select: {
      const Value operand = evaluate(*node.children[0]);
      if (node.is_test) return has_field(operand, node.text, context_);
      const Value field = Value::string(node.text);
      return node.is_optional ? optional_index(operand, field, context_)
                              : index(operand, field, context_);
    }
    case NodeKind::index: {
      const Value operand = evaluate(*node.children[0]);
      const Value key = evaluate(*node.children[1]);
      return node.is_optional ? optional_index(operand, key, context_)
                              : index(operand, key, context_);
    }
    case NodeKind::operation:
      return evaluate_operation(node);
    case NodeKind::logical:
      return evaluate_logical(node);
    case NodeKind::conditional: {
      const Value condition = evaluate(*node.children[0]);
      if (condition.kind() != Kind::boolean) return no_overload("?", {&condition, 1}, context_);
      return evaluate(*node.children[condition.as_bool() ? 1 : 2]);
    }
    case NodeKind::call: {
      const auto arguments = evaluate_all(node.children);
      return call(function_table().find(node.text, node.is_member), arguments, node.promotes,
                  context_);
    }
    case NodeKind::list:
      return make_list(evaluate_all(node.children), node.flags, context_);
    case NodeKind::map:
      return make_map(evaluate_all(node.children), node.flags, context_);
    case NodeKind::macro:
      return evaluate_macro(node);
  }
  return Value::error("unreachable");
}

std::vector<Value> TreeWalker::evaluate_all(std::span<Node* const> nodes) {
  std::vector<Value> values;
  for (const Node* node : nodes) values.push_back(evaluate(*node));
  return values;
}

Value TreeWalker::evaluate_name(const Node& node) {
  if (node.refers == Node::Refers::local) return locals_[node.target];
  return bindings_.fetch(node.target, context_.arena());
}

Value TreeWalker::evaluate_operation(const Node& node) {
  const Value a = evaluate(*node.children[0]);
  if (node.operation == Operation::negate) return negate(a, context_);
  if (node.operation == Operation::logical_not) return logical_not(a, context_);
  const Value b = evaluate(*node.children[1]);
  if (node.operation == Operation::in) return contains(a, b, context_);
  if (node.operation < Operation::negate) {
    return arithmetic(node.operation, a, b, node.promotes, context_);
  }
  return comparison(node.operation, a, b, context_);
}

// All operands are evaluated: an error beside the one that decides must not matter.
Value TreeWalker::evaluate_logical(const Node& node) {
  Value result = evaluate(*node.children[0]);
  for (const Node* child : node.children.subspan(1)) {
    result = logical(node.operation, result, evaluate(*child), context_);
  }
  return result;
}

Value TreeWalker::evaluate_macro(const Node& node) {
  const Value operand = evaluate(*node.children[0]);
  if (is_loop(node.macro)) return evaluate_loop(node, operand);
  const bool is_bind = node.macro == Macro::bind;
  if (!is_bind) {
    if (operand.kind() != Kind::optional) return no_overload("optMap", {&operand, 1}, context_);
    if (operand.as_optional() == nullptr) return operand;
  }
  locals_.push_back(is_bind ? operand : *operand.as_optional());
  const Value body = evaluate(*node.children[2]);
  locals_.pop_back();
  if (is_bind || body.is_error()) return body;
  if (node.macro == Macro::opt_map) return make_optional(body, context_);
  return body.kind() == Kind::optional ? body : no_overload("optFlatMap", {&body, 1}, context_);
}

// The definitions of the macros, read literally: first the body of every element, then what they
// say together.
Value TreeWalker::evaluate_loop(const Node& node, const Value& range) {
  if (range.kind() != Kind::list && range.kind() != Kind::map) {
    return no_overload("a macro", {&range, 1}, context_);
  }
  struct Turn {
    Value first;
    Value body;
  };
  std::deque<Turn> turns;
  std::optional<Value> error;  // the first one
  const bool is_map = range.kind() == Kind::map;
  const std::size_t size = is_map ? range.as_map().size() : range.as_list().size();
  for (std::size_t i = 0; i < size; ++i) {
    Value first = is_map ? range.as_map()[i].key : range.as_list()[i];
    Value second = is_map ? range.as_map()[i].value : range.as_list()[i];
    if (!is_map && node.variables.size() == 2) {
      first = Value::integer(static_cast<std::int64_t>(i));
    }
    locals_.push_back(first);
    if (node.variables.size() == 2) locals_.push_back(second);
    const Value keeps =
        node.children[1] == nullptr ? Value::boolean(true) : evaluate(*node.children[1]);
    if (keeps.kind() != Kind::boolean) {
      if (!error) error = no_overload("bool", {&keeps, 1}, context_);
    } else if (keeps.as_bool()) {
      turns.push_back({first, evaluate(*node.children[2])});
      const Value& body = turns.back().body;
      if (body.is_error() && !error) error = body;
    }
    locals_.resize(locals_.size() - node.variables.size());
  }

  std::vector<Value> bodies;
  std::vector<Value> kept;
  std::vector<Value> entries;
  std::int64_t truths = 0;
  const auto is_bool = [](const Value& value, bool truth) {
    return value.kind() == Kind::boolean && value.as_bool() == truth;
  };
  for (const Turn& turn : turns) {
    const bool is_predicate = node.macro <= Macro::exists_one || node.macro == Macro::filter;
    if (node.macro == Macro::all && is_bool(turn.body, false)) return Value::boolean(false);
    if (node.macro == Macro::exists && is_bool(turn.body, true)) return Value::boolean(true);
    if (is_predicate && turn.body.kind() != Kind::boolean && !error) {
      error = no_overload("bool", {&turn.body, 1}, context_);
    }
    truths += is_bool(turn.body, true) ? 1 : 0;
    bodies.push_back(turn.body);
    if (node.macro != Macro::filter || is_bool(turn.body, true)) kept.push_back(turn.first);
    entries.push_back(turn.first);
    entries.push_back(turn.body);
  }
  if (error) return *error;
  switch (node.macro) {
    case Macro::all:
      return Value::boolean(true);
    case Macro::exists:
      return Value::boolean(false);
    case Macro::exists_one:
      return Value::boolean(truths == 1);
    case Macro::map:
      return make_list(bodies, {}, context_);
    case Macro::filter:
      return make_list(kept, {}, context_);
    case Macro::sort_by:
      return sorted_by(kept, bodies, context_);
    case Macro::transform_map:
      return make_map(entries, {}, context_);
    default: {
      std::vector<Value> parts;
      for (const Value& body : bodies) {
        if (body.kind() != Kind::map) return no_overload("transformMapEntry", {&body, 1}, context_);
        for (const MapEntry& entry : body.as_map()) {
          parts.push_back(entry.key);
          parts.push_back(entry.value);
        }
      }
      return make_map(parts, {}, context_);
    }
  }
}

}  // namespace sluice::cel
