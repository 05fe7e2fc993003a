#include "pipelines/expression/operators.h"

#include <array>
#include <cmath>
#include <compare>
#include <limits>
#include <optional>

#include "pipelines/expression/access.h"
#include "pipelines/expression/calendar.h"
#include "pipelines/expression/compare.h"
#include "pipelines/expression/types.h"

namespace sluice::cel {
namespace {

Value overflow() { return Value::error("the result does not fit in 64 bits"); }
Value out_of_range() { return Value::error("the resulting time is out of range"); }
Value by_zero(Operation operation) {
  return Value::error(operation == Operation::modulo ? "modulo by zero" : "division by zero");
}

Value int_arithmetic(Operation operation, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (operation) {
    case Operation::add:
      return __builtin_add_overflow(a, b, &result) ? overflow() : Value::integer(result);
    case Operation::subtract:
      return __builtin_sub_overflow(a, b, &result) ? overflow() : Value::integer(result);
    case Operation::multiply:
      return __builtin_mul_overflow(a, b, &result) ? overflow() : Value::integer(result);
    default:
      if (b == 0) return by_zero(operation);
      if (b == -1 && a == std::numeric_limits<std::int64_t>::min()) return overflow();
      return Value::integer(operation == Operation::divide ? a / b : a % b);
  }
}

Value uint_arithmetic(Operation operation, std::uint64_t a, std::uint64_t b) {
  std::uint64_t result = 0;
  switch (operation) {
    case Operation::add:
      return __builtin_add_overflow(a, b, &result) ? overflow() : Value::uinteger(result);
    case Operation::subtract:
      return __builtin_sub_overflow(a, b, &result) ? overflow() : Value::uinteger(result);
    case Operation::multiply:
      return __builtin_mul_overflow(a, b, &result) ? overflow() : Value::uinteger(result);
    default:
      if (b == 0) return by_zero(operation);
      return Value::uinteger(operation == Operation::divide ? a / b : a % b);
  }
}

double double_arithmetic(Operation operation, double a, double b) {
  switch (operation) {
    case Operation::add:
      return a + b;
    case Operation::subtract:
      return a - b;
    case Operation::multiply:
      return a * b;
    case Operation::divide:
      return a / b;
    default:
      return std::fmod(a, b);  // exact, so the same on every machine
  }
}

// timestamp +- duration, timestamp - timestamp, duration +- duration.
std::optional<Value> time_arithmetic(Operation operation, const Value& a, const Value& b) {
  const bool is_plus = operation == Operation::add;
  if (!is_plus && operation != Operation::subtract) return std::nullopt;
  const bool is_sum = is_plus && (a.kind() == Kind::duration || b.kind() == Kind::duration);
  const bool is_difference =
      !is_plus &&
      (b.kind() == Kind::duration || (a.kind() == Kind::timestamp && b.kind() == Kind::timestamp));
  const auto is_time = [](const Value& value) {
    return value.kind() == Kind::timestamp || value.kind() == Kind::duration;
  };
  if (!is_time(a) || !is_time(b) || (!is_sum && !is_difference)) return std::nullopt;
  const std::int64_t sign = is_plus ? 1 : -1;
  // Neither overflows: the range of a time is far below that of 64 bits.
  const std::int64_t seconds = a.seconds() + sign * b.seconds();
  const std::int64_t nanos = static_cast<std::int64_t>(a.nanos()) + sign * b.nanos();
  const bool is_instant = (a.kind() == Kind::timestamp) != (b.kind() == Kind::timestamp);
  const auto made = is_instant ? make_timestamp(seconds, nanos) : make_duration(seconds, nanos);
  return made.value_or(out_of_range());
}

Value concatenate(const Value& a, const Value& b, Context& context) {
  const std::size_t size = a.as_text().size() + b.as_text().size();
  if (!context.spend_bytes(size)) return Context::over_budget();
  const std::string_view text = context.arena().join(a.as_text(), b.as_text());
  return a.kind() == Kind::string ? Value::string(text) : Value::bytes(text);
}

Value concatenate_lists(const Value& a, const Value& b, Context& context) {
  const std::size_t size = a.as_list().size() + b.as_list().size();
  if (!context.spend(size + 1)) return Context::over_budget();
  Value* items = context.arena().array<Value>(size);
  std::copy(a.as_list().begin(), a.as_list().end(), items);
  std::copy(b.as_list().begin(), b.as_list().end(), items + a.as_list().size());
  return Value::list({items, size});
}

std::optional<Value> add_others(const Value& a, const Value& b, Context& context) {
  if (a.kind() != b.kind()) return std::nullopt;
  if (a.kind() == Kind::string || a.kind() == Kind::bytes) return concatenate(a, b, context);
  if (a.kind() == Kind::list) return concatenate_lists(a, b, context);
  return std::nullopt;
}

bool holds(Operation operation, std::partial_ordering order) {
  switch (operation) {
    case Operation::equal:
      return std::is_eq(order);
    case Operation::not_equal:
      return std::is_neq(order);
    case Operation::less:
      return std::is_lt(order);
    case Operation::less_equal:
      return std::is_lteq(order);
    case Operation::greater:
      return std::is_gt(order);
    default:
      return std::is_gteq(order);
  }
}

// Of two operands where no overload fits.
Value no_overload_of(Operation operation, const Value& a, const Value& b, Context& context) {
  const std::array<Value, 2> operands{a, b};
  return no_overload(operation_text(operation), operands, context);
}

}  // namespace

Value arithmetic(Operation operation, const Value& a, const Value& b, bool promotes,
                 Context& context) {
  if (a.kind() == Kind::number && b.kind() == Kind::number) {
    if (operation != Operation::modulo || promotes) {
      return Value::number(double_arithmetic(operation, a.as_double(), b.as_double()));
    }
  } else if (a.kind() == Kind::integer && b.kind() == Kind::integer) {
    return int_arithmetic(operation, a.as_int(), b.as_int());
  } else if (a.kind() == Kind::uinteger && b.kind() == Kind::uinteger) {
    return uint_arithmetic(operation, a.as_uint(), b.as_uint());
  } else if (promotes && a.is_numeric() && b.is_numeric()) {
    return Value::number(double_arithmetic(operation, a.to_double(), b.to_double()));
  } else if (const auto time = time_arithmetic(operation, a, b)) {
    return *time;
  } else if (operation == Operation::add) {
    if (const auto sum = add_others(a, b, context)) return *sum;
  }
  return no_overload_of(operation, a, b, context);
}

Value negate(const Value& operand, Context& context) {
  if (operand.kind() == Kind::number) return Value::number(-operand.as_double());
  if (operand.kind() == Kind::integer) {
    return int_arithmetic(Operation::subtract, 0, operand.as_int());
  }
  return no_overload("-", {&operand, 1}, context);
}

Value logical_not(const Value& operand, Context& context) {
  if (operand.kind() == Kind::boolean) return Value::boolean(!operand.as_bool());
  return no_overload("!", {&operand, 1}, context);
}

Value comparison(Operation operation, const Value& a, const Value& b, Context& context) {
  if (a.is_numeric() && b.is_numeric()) {
    return Value::boolean(holds(operation, compare_numbers(a, b)));
  }
  if (a.is_error()) return a;
  if (b.is_error()) return b;
  if (operation == Operation::equal || operation == Operation::not_equal) {
    return Value::boolean(is_equal(a, b, context) == (operation == Operation::equal));
  }
  if (!has_order(a, b)) return no_overload_of(operation, a, b, context);
  return Value::boolean(holds(operation, compare(a, b)));
}

Value contains(const Value& item, const Value& container, Context& context) {
  if (item.is_error()) return item;
  if (container.kind() == Kind::map) {
    return Value::boolean(find_key(container, item, context) != nullptr);
  }
  if (container.kind() != Kind::list) {
    return no_overload_of(Operation::in, item, container, context);
  }
  if (!context.spend(container.as_list().size() / 8)) return Context::over_budget();
  for (const Value& candidate : container.as_list()) {
    if (is_equal(item, candidate, context)) return Value::boolean(true);
  }
  return Value::boolean(false);
}

Value logical(Operation operation, const Value& a, const Value& b, Context& context) {
  const bool deciding = operation == Operation::logical_or;
  const auto is_bool = [](const Value& value) { return value.kind() == Kind::boolean; };
  if ((is_bool(a) && a.as_bool() == deciding) || (is_bool(b) && b.as_bool() == deciding)) {
    return Value::boolean(deciding);
  }
  if (is_bool(a) && is_bool(b)) return Value::boolean(!deciding);
  return no_overload_of(operation, a, b, context);
}

Value no_overload(std::string_view what, std::span<const Value> arguments, Context& context) {
  for (const Value& argument : arguments) {
    if (argument.is_error()) return argument;
  }
  switch (arguments.size()) {
    case 0:
      return context.error({"no '", what, "' without arguments"});
    case 1:
      return context.error({"no '", what, "' for ", type_name(arguments[0])});
    case 2:
      return context.error(
          {"no '", what, "' for ", type_name(arguments[0]), " and ", type_name(arguments[1])});
    default:
      return context.error({"no '", what, "' for ", type_name(arguments[0]), ", ",
                            type_name(arguments[1]), " and ", type_name(arguments[2])});
  }
}

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return type_denotation(ExpressionType::null);
    case Kind::boolean:
      return type_denotation(ExpressionType::boolean);
    case Kind::integer:
      return type_denotation(ExpressionType::integer);
    case Kind::uinteger:
      return type_denotation(ExpressionType::uinteger);
    case Kind::number:
      return type_denotation(ExpressionType::number);
    case Kind::string:
      return type_denotation(ExpressionType::string);
    case Kind::bytes:
      return type_denotation(ExpressionType::bytes);
    case Kind::list:
      return type_denotation(ExpressionType::list);
    case Kind::map:
      return type_denotation(ExpressionType::map);
    case Kind::timestamp:
      return type_denotation(ExpressionType::timestamp);
    case Kind::duration:
      return type_denotation(ExpressionType::duration);
    case Kind::type:
      return type_denotation(ExpressionType::type);
    case Kind::optional:
      return type_denotation(ExpressionType::optional);
    case Kind::error:
      return "error";
  }
  return "error";
}

}  // namespace sluice::cel
