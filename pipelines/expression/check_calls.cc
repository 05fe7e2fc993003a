#include <algorithm>
#include <array>

#include "config/nearest.h"
#include "pipelines/expression/operator_types.h"
#include "pipelines/expression/type_checker.h"

namespace sluice::cel {
namespace {

// "int and string"
std::string listed(const TypeList& types, Types& pool) {
  std::string text;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += i + 1 == types.size() ? " and " : ", ";
    text += type_text(*pool.finish(types[i]));
  }
  return text;
}

bool is_number(const Type* type) {
  return type->kind == ExpressionType::integer || type->kind == ExpressionType::uinteger ||
         type->kind == ExpressionType::number;
}
bool is_arithmetic(Operation operation) { return operation <= Operation::negate; }

// Names that people look for here, and why they do not find them.
struct Explained {
  std::string_view name;
  std::string_view why;
};
constexpr std::array<Explained, 2> explained_functions{{
    {"now",
     "there is no now(): the same events must give the same result when they are replayed; "
     "event.received is the time at which an event came in"},
    {"random", "there is no random(): the same events must give the same result when replayed"},
}};

// When two numbers do not go together, what would.
std::string hint_for(const Node& node, const TypeList& operands) {
  if (operands.size() != 2) return {};
  if (is_number(operands[0]) && is_number(operands[1])) {
    return "; convert one of them, for example with double()";
  }
  const auto is_string = [](const Type* type) { return type->kind == ExpressionType::string; };
  if (node.operation == Operation::add && (is_string(operands[0]) || is_string(operands[1]))) {
    return "; convert to text with string()";
  }
  return {};
}

}  // namespace

const Type* TypeChecker::check_operation(Node& node) {
  TypeList operands;
  for (Node* child : node.children) operands.push_back(types_.resolve(check(*child)));
  if (options_.promote_numbers && is_arithmetic(node.operation) && promotes(operands)) {
    node.promotes = true;
    const auto may_be_number = [&](const Type* type) {
      return is_dyn(type) || type->is_variable || is_number(type);
    };
    if (std::ranges::all_of(operands, may_be_number)) return promoting_type();
  }
  const Type* result = nullptr;
  for (const OperatorOverload& overload : operator_overloads(node.operation)) {
    match(overload.parameters, overload.result, false, operands, result);
  }
  if (result != nullptr) return result;
  return fail(node.offset, "no " + quoted(operation_text(node.operation)) + " for " +
                               listed(operands, types_) + hint_for(node, operands));
}

bool TypeChecker::promotes(const TypeList& types) {
  return std::ranges::any_of(types, [](const Type* type) { return type->promotes; });
}

bool TypeChecker::match(const TypeList& parameters, const Type* result_type, bool is_variadic,
                        const TypeList& arguments, const Type*& result) {
  if (is_variadic ? arguments.empty() : parameters.size() != arguments.size()) return false;
  Types::Bindings before = types_.bindings();
  Types::Renaming renaming;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Type* wanted = types_.instantiate(parameters[is_variadic ? 0 : i], renaming);
    if (types_.fits(wanted, arguments[i])) continue;
    types_.restore(std::move(before));
    return false;
  }
  const Type* given = types_.instantiate(result_type, renaming);
  if (result == nullptr) {
    result = given;
    return true;
  }
  const bool is_same_kind = types_.resolve(given)->kind == types_.resolve(result)->kind;
  types_.restore(std::move(before));
  if (!is_same_kind) result = dyn_type();
  return true;
}

const Type* TypeChecker::check_logical(Node& node) {
  for (Node* child : node.children) expect_bool(*child, operation_text(node.operation));
  return basic_type(ExpressionType::boolean);
}

void TypeChecker::expect_bool(Node& node, std::string_view what) {
  const Type* type = check(node);
  if (types_.fits(basic_type(ExpressionType::boolean), type)) return;
  fail(node.offset, quoted(what) + " needs a bool here, not " + type_text(*types_.finish(type)));
}

const Type* TypeChecker::check_conditional(Node& node) {
  expect_bool(*node.children[0], "?");
  const Type* then = check(*node.children[1]);
  const Type* otherwise = check(*node.children[2]);
  if (types_.fits(then, otherwise) || types_.fits(otherwise, then)) {
    return types_.join(then, otherwise);
  }
  return fail(node.offset,
              "both results of ? : have one type; these are " + listed({then, otherwise}, types_));
}

const Type* TypeChecker::check_call(Node& node) {
  make_qualified_call_global(node);
  const auto overloads = function_table().find(node.text, node.is_member);
  TypeList arguments;
  for (Node* child : node.children) arguments.push_back(types_.resolve(check(*child)));
  if (overloads.empty()) return fail_unknown_function(node);

  const bool is_sure = std::ranges::none_of(
      arguments, [&](const Type* type) { return is_dyn(types_.finish(type)); });
  const Type* result = nullptr;
  std::size_t matches = 0;
  for (const Overload& overload : overloads) {
    if (!match(overload.parameters, overload.result, overload.is_variadic, arguments, result)) {
      continue;
    }
    node.overload = &overload;
    ++matches;
    if (is_sure) break;
  }
  node.promotes = options_.promote_numbers && promotes(arguments);
  if (matches != 1 || node.promotes) node.overload = nullptr;
  if (result != nullptr) {
    const bool carries_data = node.promotes && is_dyn(types_.resolve(result));
    return carries_data ? promoting_type() : result;
  }
  return fail_arguments(node, overloads, arguments);
}

void TypeChecker::make_qualified_call_global(Node& node) const {
  if (!node.is_member) return;
  const std::string target = qualified_name(*node.children[0]);
  if (target.empty() || environment_.find(target)) return;
  const std::string name = target + "." + std::string(node.text);
  const auto overloads = function_table().find(name, false);
  if (overloads.empty()) return;
  node.text = overloads.front().definition.name;
  node.is_member = false;
  node.children = node.children.subspan(1);
}

const Type* TypeChecker::fail_unknown_function(const Node& node) {
  for (const Explained& explained : explained_functions) {
    if (explained.name == node.text && !node.is_member) {
      return fail(node.offset, std::string(explained.why));
    }
  }
  if (!function_table().find(node.text, !node.is_member).empty()) {
    const std::string name(node.text);
    return fail(node.offset, node.is_member ? "'" + name + "' is called as " + name + "(x)"
                                            : "'" + name + "' is called as x." + name + "()");
  }
  return fail(node.offset, "there is no function " + quoted(node.text) +
                               suggestion(node.text, function_table().names(node.is_member)));
}

const Type* TypeChecker::fail_arguments(const Node& node, std::span<const Overload> overloads,
                                        const TypeList& arguments) {
  std::string known;
  for (const Overload& overload : overloads) {
    known += (known.empty() ? "" : " or ") + std::string(overload.definition.signature);
  }
  const std::string given =
      arguments.empty() ? "without arguments" : "with " + listed(arguments, types_);
  return fail(node.offset, quoted(node.text) + " cannot be called " + given + "; it is " + known);
}

}  // namespace sluice::cel
