// Operators of CEL on values. An operand that is an error is the result; the left one counts first.
//
// Integer overflow, division by zero and wrong types are errors. With `promotes` (an operand comes
// from an event's data), int, uint and double mix as doubles: a sensor that sends 22 and then 22.5
// must not break `data.temperature * 1.8 + 32.0`.
#pragma once

#include "core/value.h"
#include "pipelines/expression/ast.h"
#include "pipelines/expression/context.h"

namespace sluice::cel {

// add, subtract, multiply, divide, modulo.
Value arithmetic(Operation operation, const Value& a, const Value& b, bool promotes,
                 Context& context);
Value negate(const Value& operand, Context& context);
Value logical_not(const Value& operand, Context& context);

// equal, not_equal, less, less_equal, greater, greater_equal.
Value comparison(Operation operation, const Value& a, const Value& b, Context& context);
// in: an element of a list, a key of a map.
Value contains(const Value& item, const Value& container, Context& context);

// && and || of two values that are there already. The one that decides wins over an error:
// false && error is false; error && true is the error. (langdef.md, "Logical Operators")
Value logical(Operation operation, const Value& a, const Value& b, Context& context);

// The error for operands of types that an operator or function does not take: an operand that is
// itself an error, else "no '+' for string and int".
Value no_overload(std::string_view what, std::span<const Value> arguments, Context& context);

// The name of a value's type as type() gives it.
std::string_view type_name(const Value& value);

}  // namespace sluice::cel
