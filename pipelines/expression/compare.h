// Equality and order of CEL values. Numbers compare by what they are worth, whatever their type:
// 1 == 1u == 1.0. langdef.md, "Equality" and "Ordering".
#pragma once

#include <compare>

#include "core/value.h"
#include "pipelines/expression/context.h"

namespace sluice::cel {

// Of two numeric values; unordered when one is NaN. Integers compare exactly with each other;
// against a double an integer is the double nearest to it, as the specification's own suite has it.
std::partial_ordering compare_numbers(const Value& a, const Value& b);

// Whether two values, neither an error, are equal. Values of different types are not. Of deep
// values the cost is spent; when the budget ends they are not equal.
bool is_equal(const Value& a, const Value& b, Context& context);

// Whether two values have an order: numbers, or both string, bytes, bool, timestamp or duration.
bool has_order(const Value& a, const Value& b);
// Only when has_order().
std::partial_ordering compare(const Value& a, const Value& b);

}  // namespace sluice::cel
