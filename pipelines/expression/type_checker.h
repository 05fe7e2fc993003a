// TypeChecker: the work of check() (checker.h) for one Ast. Only checker.cc and its parts include
// it.
//
// Each check_... gives the type of its node and sets what the node says of the checker. A failure
// is noted, and goes on with dyn: all errors of an expression are found in one go.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/expression/checker.h"
#include "pipelines/expression/functions.h"

namespace sluice::cel {

using TypeList = std::vector<const Type*>;

std::string quoted(std::string_view text);

class TypeChecker {
 public:
  TypeChecker(const Environment& environment, const CheckOptions& options, Arena& arena,
              Types& types, std::vector<ExpressionError>& errors)
      : environment_(environment),
        options_(options),
        arena_(arena),
        types_(types),
        errors_(errors) {}

  void check_root(Node& root);

 private:
  struct Local {
    std::string_view name;
    const Type* type;
  };
  const Type* fail(std::size_t offset, std::string message);
  const Type* check(Node& node);
  const Type* check_kind(Node& node);

  // --- Names ---

  std::optional<std::size_t> find_local(std::string_view name) const;

  // The text of a.b.c when it is names and fields only and does not start with a local; else "".
  std::string qualified_name(const Node& node) const;
  // Makes the node a variable or the name of a type, if `name` is one.
  const Type* resolve_variable(Node& node, const std::string& name, bool rooted);
  const Type* resolve_type_name(Node& node, std::string_view name);
  const Type* check_name(Node& node);

  // --- Fields and elements ---

  const Type* check_select(Node& node);
  const Type* field_type(const Node& node, const Type* operand);

  // An optional of an optional is the inner one: a.?b.?c.
  const Type* optional_of(const Type* type);
  const Type* check_index(Node& node);
  const Type* element_type(const Node& node, const Type* operand, const Type* key);

  // --- Operators ---

  const Type* check_operation(Node& node);
  static bool promotes(const TypeList& types);

  // When `arguments` fit `parameters`, the result is `result`, or dyn if another one fitted that
  // gave something else.
  bool match(const TypeList& parameters, const Type* result_type, bool is_variadic,
             const TypeList& arguments, const Type*& result);
  const Type* check_logical(Node& node);
  void expect_bool(Node& node, std::string_view what);
  const Type* check_conditional(Node& node);

  // --- Lists and maps ---

  // The type of an item that may be written with a question mark.
  const Type* item_type(Node& node, bool is_optional);
  const Type* joined(const Type* so_far, const Type* next);
  const Type* check_list(Node& node);
  const Type* check_map(Node& node);
  const Type* key_type(Node& node);

  // --- Calls ---

  const Type* check_call(Node& node);

  // math.greatest(a, b) is a function of that name, unless `math` is a variable.
  void make_qualified_call_global(Node& node) const;
  const Type* fail_unknown_function(const Node& node);
  const Type* fail_arguments(const Node& node, std::span<const Overload> overloads,
                             const TypeList& arguments);

  // --- Macros ---

  const Type* check_macro(Node& node);
  void declare_variables(const Node& node, const Type* operand);
  const Type* macro_type(const Node& node, const Type* operand, const Type* variable,
                         const Type* result);

  // Types without variables, when all is known.
  void finish(Node& node);

  const Environment& environment_;
  const CheckOptions options_;
  Arena& arena_;
  Types& types_;
  std::vector<ExpressionError>& errors_;
  std::vector<Local> locals_;
};

}  // namespace sluice::cel
