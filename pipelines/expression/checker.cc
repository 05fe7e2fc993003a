#include "pipelines/expression/checker.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "config/nearest.h"
#include "pipelines/expression/functions.h"
#include "pipelines/expression/operator_types.h"
#include "pipelines/expression/regex.h"

namespace sluice::cel {
namespace {

using TypeList = std::vector<const Type*>;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// "int and string"
std::string listed(const TypeList& types, Types& pool) {
  std::string text;
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (i > 0) text += i + 1 == types.size() ? " and " : ", ";
    text += type_text(*pool.finish(types[i]));
  }
  return text;
}

bool is_dyn(const Type* type) { return !type->is_variable && type->kind == ExpressionType::dyn; }
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

class Checker {
 public:
  Checker(const Environment& environment, const CheckOptions& options, Arena& arena, Types& types,
          std::vector<ExpressionError>& errors)
      : environment_(environment),
        options_(options),
        arena_(arena),
        types_(types),
        errors_(errors) {}

  void check_root(Node& root) {
    check(root);
    finish(root);
  }

 private:
  struct Local {
    std::string_view name;
    const Type* type;
  };

  const Type* fail(std::size_t offset, std::string message) {
    if (options_.refuse_errors) errors_.push_back({offset, std::move(message)});
    return dyn_type();
  }

  const Type* check(Node& node) {
    const Type* type = check_kind(node);
    // Without checks no type is sure.
    node.type = options_.refuse_errors ? type : dyn_type();
    return node.type;
  }

  const Type* check_kind(Node& node) {
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

  static const Type* type_of_constant(const Value& value) {
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

  // --- Names ---

  std::optional<std::size_t> find_local(std::string_view name) const {
    for (std::size_t i = locals_.size(); i > 0; --i) {
      if (locals_[i - 1].name == name) return i - 1;
    }
    return std::nullopt;
  }

  // The text of a.b.c when it is names and fields only and does not start with a local; else "".
  std::string qualified_name(const Node& node) const {
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
  static bool is_rooted(const Node& node) {
    return node.kind == NodeKind::name ? node.is_rooted : is_rooted(*node.children[0]);
  }

  // Makes the node a variable or the name of a type, if `name` is one.
  const Type* resolve_variable(Node& node, const std::string& name, bool rooted) {
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

  const Type* resolve_type_name(Node& node, std::string_view name) {
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

  const Type* check_name(Node& node) {
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
    return fail(node.offset,
                "there is no name " + quoted(node.text) + suggestion(node.text, known));
  }

  // --- Fields and elements ---

  const Type* check_select(Node& node) {
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

  const Type* field_type(const Node& node, const Type* operand) {
    if (operand->is_variable) return dyn_type();
    if (is_dyn(operand)) return operand;
    if (operand->kind == ExpressionType::map) return operand->second;
    return fail(node.offset, "a value of type " + type_text(*types_.finish(operand)) +
                                 " has no field " + quoted(node.text));
  }

  // An optional of an optional is the inner one: a.?b.?c.
  const Type* optional_of(const Type* type) {
    const Type* resolved = types_.resolve(type);
    const bool is_optional = !resolved->is_variable && resolved->kind == ExpressionType::optional;
    return is_optional ? resolved : types_.optional(type);
  }

  const Type* check_index(Node& node) {
    const Type* operand = types_.resolve(check(*node.children[0]));
    const Type* key = check(*node.children[1]);
    const bool was_optional = operand->kind == ExpressionType::optional && !operand->is_variable;
    if (was_optional) operand = types_.resolve(operand->first);
    const Type* element = element_type(node, operand, key);
    return was_optional || node.is_optional ? optional_of(element) : element;
  }

  const Type* element_type(const Node& node, const Type* operand, const Type* key) {
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
                                                type_text(*types_.finish(operand->first)) +
                                                ", not " + type_text(*types_.finish(key)));
    }
    return fail(node.offset,
                "a value of type " + type_text(*types_.finish(operand)) + " has no elements");
  }

  // --- Operators ---

  const Type* check_operation(Node& node) {
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

  static bool promotes(const TypeList& types) {
    return std::ranges::any_of(types, [](const Type* type) { return type->promotes; });
  }

  // When two numbers do not go together, what would.
  static std::string hint_for(const Node& node, const TypeList& operands) {
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

  // When `arguments` fit `parameters`, the result is `result`, or dyn if another one fitted that
  // gave something else.
  bool match(const TypeList& parameters, const Type* result_type, bool is_variadic,
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

  const Type* check_logical(Node& node) {
    for (Node* child : node.children) expect_bool(*child, operation_text(node.operation));
    return basic_type(ExpressionType::boolean);
  }

  void expect_bool(Node& node, std::string_view what) {
    const Type* type = check(node);
    if (types_.fits(basic_type(ExpressionType::boolean), type)) return;
    fail(node.offset, quoted(what) + " needs a bool here, not " + type_text(*types_.finish(type)));
  }

  const Type* check_conditional(Node& node) {
    expect_bool(*node.children[0], "?");
    const Type* then = check(*node.children[1]);
    const Type* otherwise = check(*node.children[2]);
    if (types_.fits(then, otherwise) || types_.fits(otherwise, then)) {
      return types_.join(then, otherwise);
    }
    return fail(node.offset, "both results of ? : have one type; these are " +
                                 listed({then, otherwise}, types_));
  }

  // --- Lists and maps ---

  // The type of an item that may be written with a question mark.
  const Type* item_type(Node& node, bool is_optional) {
    const Type* type = check(node);
    if (!is_optional) return type;
    const Type* inside = types_.fresh_variable();
    if (types_.fits(types_.optional(inside), type))
      return types_.resolve(type)->first == nullptr ? dyn_type() : inside;
    return fail(node.offset,
                "an optional is needed behind '?', not " + type_text(*types_.finish(type)));
  }

  const Type* joined(const Type* so_far, const Type* next) {
    return so_far == nullptr ? next : types_.join(so_far, next);
  }

  const Type* check_list(Node& node) {
    const Type* element = nullptr;
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      element = joined(element, item_type(*node.children[i], node.flags[i]));
    }
    return types_.list(element == nullptr ? types_.fresh_variable() : element);
  }

  const Type* check_map(Node& node) {
    const Type* key = nullptr;
    const Type* value = nullptr;
    for (std::size_t i = 0; i < node.children.size(); i += 2) {
      key = joined(key, key_type(*node.children[i]));
      value = joined(value, item_type(*node.children[i + 1], node.flags[i / 2]));
    }
    return types_.map(key == nullptr ? types_.fresh_variable() : key,
                      value == nullptr ? types_.fresh_variable() : value);
  }

  const Type* key_type(Node& node) {
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

  // --- Calls ---

  const Type* check_call(Node& node) {
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

  // math.greatest(a, b) is a function of that name, unless `math` is a variable.
  void make_qualified_call_global(Node& node) const {
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

  const Type* fail_unknown_function(const Node& node) {
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

  const Type* fail_arguments(const Node& node, std::span<const Overload> overloads,
                             const TypeList& arguments) {
    std::string known;
    for (const Overload& overload : overloads) {
      known += (known.empty() ? "" : " or ") + std::string(overload.definition.signature);
    }
    const std::string given =
        arguments.empty() ? "without arguments" : "with " + listed(arguments, types_);
    return fail(node.offset, quoted(node.text) + " cannot be called " + given + "; it is " + known);
  }

  // --- Macros ---

  const Type* check_macro(Node& node) {
    const Type* operand = types_.resolve(check(*node.children[0]));
    const std::size_t outer = locals_.size();
    declare_variables(node, operand);
    node.target = static_cast<std::uint16_t>(outer);
    if (node.children[1] != nullptr) expect_bool(*node.children[1], "filter");
    Node& body = *node.children[2];
    const bool is_predicate = node.macro == Macro::all || node.macro == Macro::exists ||
                              node.macro == Macro::exists_one || node.macro == Macro::filter;
    const Type* result = nullptr;
    if (is_predicate) {
      expect_bool(body, macro_name(node.macro));
    } else {
      result = types_.resolve(check(body));
    }
    const Type* first_variable = outer < locals_.size() ? locals_[outer].type : dyn_type();
    locals_.resize(outer);
    return macro_type(node, operand, first_variable, result);
  }

  static std::string_view macro_name(Macro macro) {
    switch (macro) {
      case Macro::all:
        return "all()";
      case Macro::exists:
        return "exists()";
      case Macro::filter:
        return "filter()";
      default:
        return "exists_one()";
    }
  }

  void declare_variables(const Node& node, const Type* operand) {
    if (node.macro == Macro::bind) {
      locals_.push_back({node.variables[0], operand});
      return;
    }
    const Type* first = dyn_type();
    const Type* second = dyn_type();
    const bool is_optional = node.macro == Macro::opt_map || node.macro == Macro::opt_flat_map;
    if (operand->is_variable || is_dyn(operand)) {
      first = second = operand->promotes ? promoting_type() : dyn_type();
    } else if (is_optional && operand->kind == ExpressionType::optional) {
      first = operand->first;
    } else if (!is_optional && operand->kind == ExpressionType::list) {
      const bool has_index = node.variables.size() == 2;
      first = has_index ? basic_type(ExpressionType::integer) : operand->first;
      second = operand->first;
    } else if (!is_optional && operand->kind == ExpressionType::map) {
      first = operand->first;
      second = operand->second;
    } else {
      fail(node.children[0]->offset, (is_optional ? "an optional is needed here, not "
                                                  : "a list or map is needed here, not ") +
                                         type_text(*types_.finish(operand)));
    }
    locals_.push_back({node.variables[0], first});
    if (node.variables.size() == 2) locals_.push_back({node.variables[1], second});
  }

  const Type* macro_type(const Node& node, const Type* operand, const Type* variable,
                         const Type* result) {
    switch (node.macro) {
      case Macro::all:
      case Macro::exists:
      case Macro::exists_one:
        return basic_type(ExpressionType::boolean);
      case Macro::filter:
        return types_.list(variable);
      case Macro::map:
        return types_.list(result);
      case Macro::transform_map:
        return types_.map(key_of(operand), result);
      case Macro::sort_by:
        return operand->kind == ExpressionType::list ? operand : types_.list(variable);
      case Macro::opt_map:
        return types_.optional(result);
      default:  // transform_map_entry, bind, opt_flat_map: what the body gives
        return result;
    }
  }

  // transformMap keeps the keys; those of a list are its positions.
  static const Type* key_of(const Type* operand) {
    if (operand->kind == ExpressionType::map) return operand->first;
    return operand->kind == ExpressionType::list ? basic_type(ExpressionType::integer) : dyn_type();
  }

  // Types without variables, when all is known.
  void finish(Node& node) {
    node.type = types_.finish(node.type == nullptr ? dyn_type() : node.type);
    for (Node* child : node.children) {
      if (child != nullptr) finish(*child);
    }
  }

  const Environment& environment_;
  const CheckOptions options_;
  Arena& arena_;
  Types& types_;
  std::vector<ExpressionError>& errors_;
  std::vector<Local> locals_;
};

}  // namespace

void check(Ast& ast, const Environment& environment, const CheckOptions& options, Types& types,
           std::vector<ExpressionError>& errors) {
  Checker(environment, options, ast.arena, types, errors).check_root(*ast.root);
  std::ranges::stable_sort(errors, {}, &ExpressionError::offset);
}

}  // namespace sluice::cel
