#include "pipelines/expression/checker.h"

#include <algorithm>

#include "config/nearest.h"
#include "pipelines/expression/type_checker.h"

namespace sluice::cel {
namespace {

const Type* type_of_constant(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return basic_type(ExpressionType::null);
    case Kind::boolean:
      return basic_type(ExpressionType::boolean);
    case Kind::integer:
      return basic_type(ExpressionType::integer);
    case Kind::uinteger:
      return basic_type(ExpressionType::uinteger);
    case Kind::number:
      return basic_type(ExpressionType::number);
    case Kind::string:
      return basic_type(ExpressionType::string);
    case Kind::bytes:
      return basic_type(ExpressionType::bytes);
    default:
      return dyn_type();
  }
}

// Of a name with fields: whether a dot is written before it.
bool is_rooted(const Node& node) {
  return node.kind == NodeKind::name ? node.is_rooted : is_rooted(*node.children[0]);
}

}  // namespace

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

void TypeChecker::check_root(Node& root) {
  check(root);
  finish(root);
}

const Type* TypeChecker::fail(std::size_t offset, std::string message) {
  if (options_.refuse_errors) errors_.push_back({offset, std::move(message)});
  return dyn_type();
}

const Type* TypeChecker::check(Node& node) {
  const Type* type = check_kind(node);
  // Without checks no type is sure.
  node.type = options_.refuse_errors ? type : dyn_type();
  return node.type;
}

const Type* TypeChecker::check_kind(Node& node) {
  switch (node.kind) {
    case NodeKind::constant:
      return type_of_constant(node.value);
    case NodeKind::name:
      return check_name(node);
    case NodeKind::select:
      return check_select(node);
    case NodeKind::index:
      return check_index(node);
    case NodeKind::operation:
      return check_operation(node);
    case NodeKind::logical:
      return check_logical(node);
    case NodeKind::conditional:
      return check_conditional(node);
    case NodeKind::call:
      return check_call(node);
    case NodeKind::list:
      return check_list(node);
    case NodeKind::map:
      return check_map(node);
    case NodeKind::macro:
      return check_macro(node);
  }
  return dyn_type();
}

std::optional<std::size_t> TypeChecker::find_local(std::string_view name) const {
  for (std::size_t i = locals_.size(); i > 0; --i) {
    if (locals_[i - 1].name == name) return i - 1;
  }
  return std::nullopt;
}

std::string TypeChecker::qualified_name(const Node& node) const {
  if (node.kind == NodeKind::name) {
    if (!node.is_rooted && find_local(node.text)) return {};
    return std::string(node.text);
  }
  if (node.kind != NodeKind::select || node.is_test || node.is_optional || node.is_quoted) {
    return {};
  }
  const std::string operand = qualified_name(*node.children[0]);
  return operand.empty() ? operand : operand + "." + std::string(node.text);
}

const Type* TypeChecker::resolve_variable(Node& node, const std::string& name, bool rooted) {
  for (const std::string& candidate : environment_.candidates(name, rooted)) {
    if (const auto variable = environment_.find(candidate)) {
      node.kind = NodeKind::name;
      node.refers = Node::Refers::variable;
      node.target = static_cast<std::uint16_t>(*variable);
      node.text = arena_.copy(std::string_view(candidate));
      return environment_.type(*variable);
    }
  }
  return resolve_type_name(node, name);
}

const Type* TypeChecker::resolve_type_name(Node& node, std::string_view name) {
  for (auto kind = ExpressionType::null; kind <= ExpressionType::optional;
       kind = static_cast<ExpressionType>(static_cast<int>(kind) + 1)) {
    if (type_denotation(kind) != name) continue;
    node.kind = NodeKind::constant;
    node.value = Value::type(type_denotation(kind));
    node.children = {};
    return types_.type_of(basic_type(kind));
  }
  return nullptr;
}

const Type* TypeChecker::check_name(Node& node) {
  if (!node.is_rooted) {
    if (const auto local = find_local(node.text)) {
      node.refers = Node::Refers::local;
      node.target = static_cast<std::uint16_t>(*local);
      return locals_[*local].type;
    }
  }
  const Type* type = resolve_variable(node, std::string(node.text), node.is_rooted);
  if (type != nullptr) return type;
  std::vector<std::string_view> known = environment_.names();
  for (const Local& local : locals_) known.push_back(local.name);
  return fail(node.offset, "there is no name " + quoted(node.text) + suggestion(node.text, known));
}

const Type* TypeChecker::check_select(Node& node) {
  if (!node.is_test && !node.is_optional) {
    const std::string name = qualified_name(node);
    if (!name.empty()) {
      if (const Type* type = resolve_variable(node, name, is_rooted(node))) return type;
    }
  }
  const Type* operand = types_.resolve(check(*node.children[0]));
  const bool was_optional = operand->kind == ExpressionType::optional && !operand->is_variable;
  if (was_optional) operand = types_.resolve(operand->first);
  const Type* field = field_type(node, operand);
  if (node.is_test) return basic_type(ExpressionType::boolean);
  return was_optional || node.is_optional ? optional_of(field) : field;
}

const Type* TypeChecker::field_type(const Node& node, const Type* operand) {
  if (operand->is_variable) return dyn_type();
  if (is_dyn(operand)) return operand;
  if (operand->kind == ExpressionType::map) return operand->second;
  return fail(node.offset, "a value of type " + type_text(*types_.finish(operand)) +
                               " has no field " + quoted(node.text));
}

const Type* TypeChecker::optional_of(const Type* type) {
  const Type* resolved = types_.resolve(type);
  const bool is_optional = !resolved->is_variable && resolved->kind == ExpressionType::optional;
  return is_optional ? resolved : types_.optional(type);
}

const Type* TypeChecker::check_index(Node& node) {
  const Type* operand = types_.resolve(check(*node.children[0]));
  const Type* key = check(*node.children[1]);
  const bool was_optional = operand->kind == ExpressionType::optional && !operand->is_variable;
  if (was_optional) operand = types_.resolve(operand->first);
  const Type* element = element_type(node, operand, key);
  return was_optional || node.is_optional ? optional_of(element) : element;
}

const Type* TypeChecker::element_type(const Node& node, const Type* operand, const Type* key) {
  if (operand->is_variable) return dyn_type();
  if (is_dyn(operand)) return operand;
  if (operand->kind == ExpressionType::list) {
    if (types_.fits(basic_type(ExpressionType::integer), key)) return operand->first;
    return fail(node.children[1]->offset,
                "the position in a list is an int, not " + type_text(*types_.finish(key)));
  }
  if (operand->kind == ExpressionType::map) {
    if (types_.fits(operand->first, key)) return operand->second;
    return fail(node.children[1]->offset, "the keys of this map are " +
                                              type_text(*types_.finish(operand->first)) + ", not " +
                                              type_text(*types_.finish(key)));
  }
  return fail(node.offset,
              "a value of type " + type_text(*types_.finish(operand)) + " has no elements");
}

const Type* TypeChecker::item_type(Node& node, bool is_optional) {
  const Type* type = check(node);
  if (!is_optional) return type;
  const Type* inside = types_.fresh_variable();
  if (types_.fits(types_.optional(inside), type))
    return types_.resolve(type)->first == nullptr ? dyn_type() : inside;
  return fail(node.offset,
              "an optional is needed behind '?', not " + type_text(*types_.finish(type)));
}

const Type* TypeChecker::joined(const Type* so_far, const Type* next) {
  return so_far == nullptr ? next : types_.join(so_far, next);
}

const Type* TypeChecker::check_list(Node& node) {
  const Type* element = nullptr;
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    element = joined(element, item_type(*node.children[i], node.flags[i]));
  }
  return types_.list(element == nullptr ? types_.fresh_variable() : element);
}

const Type* TypeChecker::check_map(Node& node) {
  const Type* key = nullptr;
  const Type* value = nullptr;
  for (std::size_t i = 0; i < node.children.size(); i += 2) {
    key = joined(key, key_type(*node.children[i]));
    value = joined(value, item_type(*node.children[i + 1], node.flags[i / 2]));
  }
  return types_.map(key == nullptr ? types_.fresh_variable() : key,
                    value == nullptr ? types_.fresh_variable() : value);
}

const Type* TypeChecker::key_type(Node& node) {
  const Type* type = types_.resolve(check(node));
  switch (type->kind) {
    case ExpressionType::dyn:
    case ExpressionType::boolean:
    case ExpressionType::integer:
    case ExpressionType::uinteger:
    case ExpressionType::string:
      return type;
    default:
      return fail(node.offset, "the key of a map is a string, int, uint or bool, not " +
                                   type_text(*types_.finish(type)));
  }
}

void TypeChecker::finish(Node& node) {
  node.type = types_.finish(node.type == nullptr ? dyn_type() : node.type);
  for (Node* child : node.children) {
    if (child != nullptr) finish(*child);
  }
}

void check(Ast& ast, const Environment& environment, const CheckOptions& options, Types& types,
           std::vector<ExpressionError>& errors) {
  TypeChecker(environment, options, ast.arena, types, errors).check_root(*ast.root);
  std::ranges::stable_sort(errors, {}, &ExpressionError::offset);
}

}  // namespace sluice::cel
