// The one table of functions: what the checker knows, what both evaluators call, and what the
// reference documents.
//
// A function's signature is text: "string.(string) -> bool" is called as 'ab'.startsWith('a'),
// "(list(A)) -> int" as size([1, 2]). Operators are not here (operators.h), macros neither
// (macros.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/value.h"
#include "pipelines/expression/context.h"
#include "pipelines/expression/types.h"

namespace sluice::cel {

// Arguments have kinds that the signature allows; the receiver comes first. The value that is
// given back may lend from them.
using Implementation = Value (*)(std::span<const Value> arguments, Context& context);

// A row of the table. `example` is an expression that is true; a test evaluates it.
struct Definition {
  std::string_view name;
  std::string_view signature;
  Implementation run;
  std::string_view example;
};

struct Overload {
  Definition definition;
  bool is_member = false;
  bool is_variadic = false;             // the only parameter comes once or more often
  std::vector<const Type*> parameters;  // the receiver first
  const Type* result = nullptr;
  std::vector<std::uint32_t> kind_masks;  // per parameter: 1 << Kind of what fits
};

class FunctionTable {
 public:
  explicit FunctionTable(std::span<const std::span<const Definition>> parts);

  // The overloads of a name in one style of calling; empty when there are none.
  std::span<const Overload> find(std::string_view name, bool is_member) const;
  std::span<const Overload> all() const { return overloads_; }
  std::vector<std::string_view> names(bool is_member) const;

 private:
  void add(const Definition& definition);

  Types types_;
  std::vector<Overload> overloads_;  // by name, then style, then as they are written
};

const FunctionTable& function_table();

// The same rows by what they are for, as the reference shows them.
struct FunctionFamily {
  std::string_view title;
  std::span<const Definition> definitions;
};
std::span<const FunctionFamily> function_families();

// Calls the first overload that takes arguments of these kinds. An argument that is an error is the
// result. With `promotes`, an int or uint is given as a double where nothing else fits.
Value call(std::span<const Overload> overloads, std::span<const Value> arguments, bool promotes,
           Context& context);

}  // namespace sluice::cel
