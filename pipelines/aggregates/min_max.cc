#include "pipelines/aggregates/min_max.h"

namespace sluice {
namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

// The order of an integer of either kind and a finite double: negative, zero or positive.
int compare(std::int64_t whole, double number) {
  if (number >= two_to_63) return -1;
  if (number < -two_to_63) return 1;
  const auto truncated = static_cast<std::int64_t>(number);
  if (whole != truncated) return whole < truncated ? -1 : 1;
  const double fraction = number - static_cast<double>(truncated);
  return fraction > 0.0 ? -1 : (fraction < 0.0 ? 1 : 0);
}

int compare(std::uint64_t whole, double number) {
  if (number < 0.0) return 1;
  if (number >= two_to_64) return -1;
  const auto truncated = static_cast<std::uint64_t>(number);
  if (whole != truncated) return whole < truncated ? -1 : 1;
  return number > static_cast<double>(truncated) ? -1 : 0;
}

int compare(const Value& integer, double number) {
  return integer.kind() == Kind::integer ? compare(integer.as_int(), number)
                                         : compare(integer.as_uint(), number);
}

}  // namespace

bool is_less(const Value& a, const Value& b) {
  const bool is_a_double = a.kind() == Kind::number;
  const bool is_b_double = b.kind() == Kind::number;
  if (is_a_double && is_b_double) return a.as_double() < b.as_double();
  if (is_b_double) return compare(a, b.as_double()) < 0;
  if (is_a_double) return compare(b, a.as_double()) > 0;
  if (a.kind() == b.kind()) {
    return a.kind() == Kind::integer ? a.as_int() < b.as_int() : a.as_uint() < b.as_uint();
  }
  if (a.kind() == Kind::integer) {
    return a.as_int() < 0 || static_cast<std::uint64_t>(a.as_int()) < b.as_uint();
  }
  return b.as_int() >= 0 && a.as_uint() < static_cast<std::uint64_t>(b.as_int());
}

template <int sign>
void Extreme<sign>::load(ByteReader& in) {
  Arena unused;  // a number holds no memory
  std::string_view rest = in.rest();
  const auto value = decode_value(rest, unused);
  if (!value || !(value->is_null() || value->is_numeric())) {
    in.fail();
    return;
  }
  in.set_rest(rest);
  best = *value;
}

template struct Extreme<-1>;
template struct Extreme<1>;

}  // namespace sluice
