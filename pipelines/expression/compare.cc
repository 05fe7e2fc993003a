#include "pipelines/expression/compare.h"

#include <algorithm>

namespace sluice::cel {
namespace {

std::partial_ordering compare_int_uint(std::int64_t a, std::uint64_t b) {
  if (a < 0) return std::partial_ordering::less;
  return static_cast<std::uint64_t>(a) <=> b;
}

std::partial_ordering reverse(std::partial_ordering order) {
  if (std::is_lt(order)) return std::partial_ordering::greater;
  return std::is_gt(order) ? std::partial_ordering::less : order;
}

std::partial_ordering compare_int(std::int64_t a, const Value& b) {
  if (b.kind() == Kind::integer) return a <=> b.as_int();
  if (b.kind() == Kind::uinteger) return compare_int_uint(a, b.as_uint());
  return static_cast<double>(a) <=> b.as_double();
}

std::partial_ordering compare_uint(std::uint64_t a, const Value& b) {
  if (b.kind() == Kind::uinteger) return a <=> b.as_uint();
  if (b.kind() == Kind::integer) return reverse(compare_int_uint(b.as_int(), a));
  return static_cast<double>(a) <=> b.as_double();
}

bool is_equal_list(const Value& a, const Value& b, Context& context) {
  return std::ranges::equal(a.as_list(), b.as_list(), [&](const Value& x, const Value& y) {
    return is_equal(x, y, context);
  });
}

bool is_equal_map(const Value& a, const Value& b, Context& context) {
  if (a.as_map().size() != b.as_map().size()) return false;
  return std::ranges::all_of(a.as_map(), [&](const MapEntry& left) {
    return std::ranges::any_of(b.as_map(), [&](const MapEntry& right) {
      return is_equal(left.key, right.key, context) && is_equal(left.value, right.value, context);
    });
  });
}

bool is_equal_optional(const Value& a, const Value& b, Context& context) {
  const Value* left = a.as_optional();
  const Value* right = b.as_optional();
  if (left == nullptr || right == nullptr) return left == right;
  return is_equal(*left, *right, context);
}

}  // namespace

std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  if (a.kind() == Kind::number && b.kind() == Kind::number) return a.as_double() <=> b.as_double();
  if (a.kind() == Kind::integer) return compare_int(a.as_int(), b);
  if (a.kind() == Kind::uinteger) return compare_uint(a.as_uint(), b);
  return reverse(compare_numbers(b, a));
}

bool is_equal(const Value& a, const Value& b, Context& context) {
  if (a.is_numeric() && b.is_numeric()) return std::is_eq(compare_numbers(a, b));
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.as_bool() == b.as_bool();
    case Kind::string:
    case Kind::bytes:
    case Kind::type:
      return a.as_text() == b.as_text();
    case Kind::timestamp:
    case Kind::duration:
      return a.seconds() == b.seconds() && a.nanos() == b.nanos();
    case Kind::list:
      return context.spend(1) && is_equal_list(a, b, context);
    case Kind::map:
      return context.spend(1) && is_equal_map(a, b, context);
    case Kind::optional:
      return context.spend(1) && is_equal_optional(a, b, context);
    default:
      return false;
  }
}

bool has_order(const Value& a, const Value& b) {
  if (a.is_numeric()) return b.is_numeric();
  if (a.kind() != b.kind()) return false;
  return a.kind() == Kind::string || a.kind() == Kind::bytes || a.kind() == Kind::boolean ||
         a.kind() == Kind::timestamp || a.kind() == Kind::duration;
}

std::partial_ordering compare(const Value& a, const Value& b) {
  switch (a.kind()) {
    case Kind::string:
    case Kind::bytes:
      return a.as_text() <=> b.as_text();
    case Kind::boolean:
      return a.as_bool() <=> b.as_bool();
    case Kind::timestamp:
    case Kind::duration:
      if (a.seconds() != b.seconds()) return a.seconds() <=> b.seconds();
      return a.nanos() <=> b.nanos();
    default:
      return compare_numbers(a, b);
  }
}

}  // namespace sluice::cel
