#include "pipelines/expression/type_checker.h"

namespace sluice::cel {
namespace {

std::string_view macro_name(Macro macro) {
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

// transformMap keeps the keys; those of a list are its positions.
const Type* key_of(const Type* operand) {
  if (operand->kind == ExpressionType::map) return operand->first;
  return operand->kind == ExpressionType::list ? basic_type(ExpressionType::integer) : dyn_type();
}

}  // namespace

const Type* TypeChecker::check_macro(Node& node) {
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

void TypeChecker::declare_variables(const Node& node, const Type* operand) {
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
    fail(node.children[0]->offset,
         (is_optional ? "an optional is needed here, not " : "a list or map is needed here, not ") +
             type_text(*types_.finish(operand)));
  }
  locals_.push_back({node.variables[0], first});
  if (node.variables.size() == 2) locals_.push_back({node.variables[1], second});
}

const Type* TypeChecker::macro_type(const Node& node, const Type* operand, const Type* variable,
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

}  // namespace sluice::cel
