// Optionals: a value that may be missing. a.?b and a[?b] make them; optMap and optFlatMap are
// macros.
#include <array>
#include <vector>

#include "pipelines/expression/access.h"
#include "pipelines/expression/functions/parts.h"

namespace sluice::cel {
namespace optionals {
namespace {

using Arguments = std::span<const Value>;

Value of(Arguments arguments, Context& context) { return make_optional(arguments[0], context); }
Value none(Arguments, Context&) { return Value::none(); }

bool is_zero(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return !value.as_bool();
    case Kind::integer:
    case Kind::uinteger:
      return value.as_uint() == 0;
    case Kind::number:
      return value.as_double() == 0;
    case Kind::string:
    case Kind::bytes:
      return value.as_text().empty();
    case Kind::list:
      return value.as_list().empty();
    case Kind::map:
      return value.as_map().empty();
    case Kind::timestamp:
    case Kind::duration:
      return value.seconds() == 0 && value.nanos() == 0;
    case Kind::optional:
      return value.as_optional() == nullptr;
    default:
      return false;
  }
}

Value of_non_zero(Arguments arguments, Context& context) {
  return is_zero(arguments[0]) ? Value::none() : make_optional(arguments[0], context);
}

Value has_value(Arguments arguments, Context&) {
  return Value::boolean(arguments[0].as_optional() != nullptr);
}

Value value(Arguments arguments, Context&) {
  const Value* inner = arguments[0].as_optional();
  return inner != nullptr ? *inner : Value::error("the optional has no value");
}

Value or_optional(Arguments arguments, Context&) {
  return arguments[0].as_optional() != nullptr ? arguments[0] : arguments[1];
}

Value or_value(Arguments arguments, Context&) {
  const Value* inner = arguments[0].as_optional();
  return inner != nullptr ? *inner : arguments[1];
}

Value unwrap(Arguments arguments, Context& context) {
  std::vector<Value> items;
  for (const Value& item : arguments[0].as_list()) {
    if (item.kind() != Kind::optional) {
      return context.error({"optional.unwrap() takes a list of optionals only"});
    }
    if (item.as_optional() != nullptr) items.push_back(*item.as_optional());
  }
  if (!context.spend(items.size())) return Context::over_budget();
  return Value::list(context.arena().copy(std::span<const Value>(items)));
}

constexpr std::array<Definition, 9> definitions{{
    {"optional.of", "(A) -> optional(A)", of, "optional.of(7).value() == 7"},
    {"optional.none", "() -> optional(A)", none, "!optional.none().hasValue()"},
    {"optional.ofNonZeroValue", "(A) -> optional(A)", of_non_zero,
     "!optional.ofNonZeroValue('').hasValue()"},
    {"hasValue", "optional(A).() -> bool", has_value, "{'a': 1}.?a.hasValue()"},
    {"value", "optional(A).() -> A", value, "{'a': 1}.?a.value() == 1"},
    {"or", "optional(A).(optional(A)) -> optional(A)", or_optional,
     "{}.?a.or(optional.of(7)).value() == 7"},
    {"orValue", "optional(A).(A) -> A", or_value, "{}.?a.orValue(7) == 7"},
    {"optional.unwrap", "(list(optional(A))) -> list(A)", unwrap,
     "optional.unwrap([optional.of(1), optional.none()]) == [1]"},
    {"unwrapOpt", "list(optional(A)).() -> list(A)", unwrap,
     "[optional.of(1), optional.none()].unwrapOpt() == [1]"},
}};

}  // namespace
}  // namespace optionals

std::span<const Definition> optional_functions() { return optionals::definitions; }

}  // namespace sluice::cel
