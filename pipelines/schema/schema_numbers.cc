#include "pipelines/schema/schema_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace sluice {

bool is_no_json_number(const Value& value) {
  return value.kind() == Kind::number && !std::isfinite(value.as_double());
}

Value whole_if_possible(const Value& value) {
  constexpr double end = 9223372036854775808.0;  // 2^63, the first double that does not fit
  if (is_no_json_number(value)) return Value::null();
  if (value.kind() == Kind::uinteger && std::in_range<std::int64_t>(value.as_uint()))
    return Value::integer(static_cast<std::int64_t>(value.as_uint()));
  if (value.kind() == Kind::number && value.as_double() >= -end && value.as_double() < end &&
      std::trunc(value.as_double()) == value.as_double())
    return Value::integer(static_cast<std::int64_t>(value.as_double()));
  return value;
}

bool is_multiple(const Value& value, const Value& unit) {
  const Value whole = whole_if_possible(value);
  const Value whole_unit = whole_if_possible(unit);
  if (whole.kind() == Kind::integer && whole_unit.kind() == Kind::integer)
    return whole.as_int() % whole_unit.as_int() == 0;
  // 0.3 is a multiple of 0.1, though not of the double nearest to it: either number and their
  // quotient is rounded.
  const double parts = value.to_double() / unit.to_double();
  const double slack = 4 * std::numeric_limits<double>::epsilon() * std::max(1.0, std::fabs(parts));
  return std::fabs(parts - std::round(parts)) <= slack;
}

}  // namespace sluice
