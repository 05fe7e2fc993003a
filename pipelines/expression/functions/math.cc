// CEL's math extension: greatest and least, rounding, signs, bits.
#include <array>
#include <cmath>
#include <compare>
#include <limits>

#include "pipelines/expression/compare.h"
#include "pipelines/expression/functions/parts.h"
#include "pipelines/expression/operators.h"

namespace sluice::cel {
namespace maths {
namespace {

using Arguments = std::span<const Value>;

// The first of the extreme ones; NaN is neither greater nor less than anything.
Value extreme(Arguments candidates, bool is_greatest, std::string_view name, Context& context) {
  if (candidates.empty()) return context.error({name, "() of an empty list"});
  Value best = candidates.front();
  for (const Value& candidate : candidates) {
    if (!candidate.is_numeric()) return no_overload(name, {&candidate, 1}, context);
    const auto order = compare_numbers(candidate, best);
    if (is_greatest ? std::is_gt(order) : std::is_lt(order)) best = candidate;
  }
  return best;
}

Arguments candidates_of(Arguments arguments) {
  const bool is_list = arguments.size() == 1 && arguments[0].kind() == Kind::list;
  return is_list ? arguments[0].as_list() : arguments;
}

Value greatest(Arguments arguments, Context& context) {
  return extreme(candidates_of(arguments), true, "math.greatest", context);
}
Value least(Arguments arguments, Context& context) {
  return extreme(candidates_of(arguments), false, "math.least", context);
}

template <double (*function)(double)>
Value of_double(Arguments arguments, Context&) {
  return Value::number(function(arguments[0].as_double()));
}

// std's overloaded functions as plain ones; all of them are exact.
double ceil_of(double number) { return std::ceil(number); }
double floor_of(double number) { return std::floor(number); }
double round_of(double number) { return std::round(number); }  // halves away from zero
double trunc_of(double number) { return std::trunc(number); }
double sqrt_of(double number) { return std::sqrt(number); }  // correctly rounded by IEEE 754

template <bool (*test)(double)>
Value test_double(Arguments arguments, Context&) {
  return Value::boolean(test(arguments[0].as_double()));
}
bool is_nan(double number) { return std::isnan(number); }
bool is_infinite(double number) { return std::isinf(number); }
bool is_finite(double number) { return std::isfinite(number); }

Value absolute(Arguments arguments, Context& context) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::uinteger) return value;
  if (value.kind() == Kind::number) return Value::number(std::abs(value.as_double()));
  return value.as_int() < 0 ? negate(value, context) : value;
}

Value sign(Arguments arguments, Context&) {
  const Value& value = arguments[0];
  if (value.kind() == Kind::uinteger) return Value::uinteger(value.as_uint() > 0 ? 1 : 0);
  if (value.kind() == Kind::integer) {
    return Value::integer((value.as_int() > 0 ? 1 : 0) - (value.as_int() < 0 ? 1 : 0));
  }
  const double number = value.as_double();
  if (number > 0) return Value::number(1);
  return number < 0 ? Value::number(-1) : value;  // zeros and NaN stay what they are
}

std::uint64_t bits_of(const Value& value) {
  return value.kind() == Kind::integer ? static_cast<std::uint64_t>(value.as_int())
                                       : value.as_uint();
}
Value of_bits(std::uint64_t bits, const Value& like) {
  return like.kind() == Kind::integer ? Value::integer(static_cast<std::int64_t>(bits))
                                      : Value::uinteger(bits);
}

Value bit_and(Arguments arguments, Context&) {
  return of_bits(bits_of(arguments[0]) & bits_of(arguments[1]), arguments[0]);
}
Value bit_or(Arguments arguments, Context&) {
  return of_bits(bits_of(arguments[0]) | bits_of(arguments[1]), arguments[0]);
}
Value bit_xor(Arguments arguments, Context&) {
  return of_bits(bits_of(arguments[0]) ^ bits_of(arguments[1]), arguments[0]);
}
Value bit_not(Arguments arguments, Context&) {
  return of_bits(~bits_of(arguments[0]), arguments[0]);
}

// Bits that come in are zeros, also from the left of a negative number.
Value shift(Arguments arguments, bool is_left, Context& context) {
  const std::int64_t count = arguments[1].as_int();
  if (count < 0) return context.error({"bits cannot be shifted by a negative number"});
  if (count > 63) return of_bits(0, arguments[0]);
  const std::uint64_t bits = bits_of(arguments[0]);
  return of_bits(is_left ? bits << count : bits >> count, arguments[0]);
}
Value shift_left(Arguments arguments, Context& context) { return shift(arguments, true, context); }
Value shift_right(Arguments arguments, Context& context) {
  return shift(arguments, false, context);
}

constexpr std::string_view to_double = "(double) -> double";
constexpr std::string_view to_bool = "(double) -> bool";

constexpr std::array<Definition, 28> definitions{{
    {"math.greatest", "(dyn...) -> dyn", greatest, "math.greatest(2, 7.5, 3u) == 7.5"},
    {"math.least", "(dyn...) -> dyn", least, "math.least([2, 7]) == 2"},
    {"math.ceil", to_double, of_double<ceil_of>, "math.ceil(1.2) == 2.0"},
    {"math.floor", to_double, of_double<floor_of>, "math.floor(1.8) == 1.0"},
    {"math.round", to_double, of_double<round_of>, "math.round(-1.5) == -2.0"},
    {"math.trunc", to_double, of_double<trunc_of>, "math.trunc(-1.8) == -1.0"},
    {"math.sqrt", to_double, of_double<sqrt_of>, "math.sqrt(81.0) == 9.0"},
    {"math.isNaN", to_bool, test_double<is_nan>, "math.isNaN(0.0 / 0.0)"},
    {"math.isInf", to_bool, test_double<is_infinite>, "math.isInf(1.0 / 0.0)"},
    {"math.isFinite", to_bool, test_double<is_finite>, "math.isFinite(1.5)"},
    {"math.abs", "(int) -> int", absolute, "math.abs(-7) == 7"},
    {"math.abs", "(uint) -> uint", absolute, "math.abs(7u) == 7u"},
    {"math.abs", "(double) -> double", absolute, "math.abs(-7.5) == 7.5"},
    {"math.sign", "(int) -> int", sign, "math.sign(-7) == -1"},
    {"math.sign", "(uint) -> uint", sign, "math.sign(7u) == 1u"},
    {"math.sign", "(double) -> double", sign, "math.sign(-7.5) == -1.0"},
    {"math.bitAnd", "(int, int) -> int", bit_and, "math.bitAnd(6, 3) == 2"},
    {"math.bitAnd", "(uint, uint) -> uint", bit_and, "math.bitAnd(6u, 3u) == 2u"},
    {"math.bitOr", "(int, int) -> int", bit_or, "math.bitOr(6, 3) == 7"},
    {"math.bitOr", "(uint, uint) -> uint", bit_or, "math.bitOr(6u, 3u) == 7u"},
    {"math.bitXor", "(int, int) -> int", bit_xor, "math.bitXor(6, 3) == 5"},
    {"math.bitXor", "(uint, uint) -> uint", bit_xor, "math.bitXor(6u, 3u) == 5u"},
    {"math.bitNot", "(int) -> int", bit_not, "math.bitNot(1) == -2"},
    {"math.bitNot", "(uint) -> uint", bit_not, "math.bitNot(0u) == 18446744073709551615u"},
    {"math.bitShiftLeft", "(int, int) -> int", shift_left, "math.bitShiftLeft(1, 4) == 16"},
    {"math.bitShiftLeft", "(uint, int) -> uint", shift_left, "math.bitShiftLeft(1u, 4) == 16u"},
    {"math.bitShiftRight", "(int, int) -> int", shift_right, "math.bitShiftRight(16, 4) == 1"},
    {"math.bitShiftRight", "(uint, int) -> uint", shift_right, "math.bitShiftRight(16u, 4) == 1u"},
}};

}  // namespace
}  // namespace maths

std::span<const Definition> math_functions() { return maths::definitions; }

}  // namespace sluice::cel
