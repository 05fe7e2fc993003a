#include "drivers/codecs/decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace sluice {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

// digits * 10^exponent, rounded half up; nullopt when it does not fit.
std::optional<std::int64_t> scale(std::int64_t digits, int exponent) {
  for (; exponent > 0 && digits != 0; --exponent) {
    if (__builtin_mul_overflow(digits, std::int64_t{10}, &digits)) return std::nullopt;
  }
  std::int64_t dropped = 0;
  for (; exponent < 0 && (digits != 0 || dropped != 0); ++exponent) {
    dropped = digits % 10;
    digits /= 10;
  }
  return dropped >= 5 ? digits + 1 : digits;
}

std::optional<std::int64_t> double_to_nanoseconds(double seconds) {
  if (!std::isfinite(seconds)) return std::nullopt;
  // Shortest form that reads back: at most 17 digits, such as 1.276020076001e+09.
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::abs(seconds),
                                 std::chars_format::scientific)
                       .ptr;
  std::int64_t digits = 0;
  int decimals = 0;
  bool is_fraction = false;
  const char* at = text.data();
  for (; *at != 'e'; ++at) {
    if (*at == '.') {
      is_fraction = true;
      continue;
    }
    digits = digits * 10 + (*at - '0');
    if (is_fraction) ++decimals;
  }
  ++at;
  if (*at == '+') ++at;
  int exponent = 0;
  std::from_chars(at, end, exponent);
  const auto nanoseconds = scale(digits, exponent - decimals + 9);
  if (!nanoseconds) return std::nullopt;
  return seconds < 0 ? -*nanoseconds : *nanoseconds;
}

}  // namespace

std::optional<std::int64_t> to_nanoseconds(const Value& seconds) {
  if (seconds.kind() == Kind::number) return double_to_nanoseconds(seconds.as_double());
  if (seconds.kind() != Kind::integer) return std::nullopt;
  std::int64_t nanoseconds = 0;
  if (__builtin_mul_overflow(seconds.as_int(), second_ns, &nanoseconds)) return std::nullopt;
  return nanoseconds;
}

Value to_seconds(std::int64_t nanoseconds) {
  if (nanoseconds % second_ns == 0) return Value::integer(nanoseconds / second_ns);
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size() - 3, nanoseconds).ptr;
  constexpr std::string_view exponent = "e-9";
  std::copy(exponent.begin(), exponent.end(), end);
  double seconds = 0;
  std::from_chars(text.data(), end + exponent.size(), seconds);
  // A fraction that no double can tell: the same value must not be written in two ways.
  const auto whole = static_cast<std::int64_t>(seconds);
  return static_cast<double>(whole) == seconds ? Value::integer(whole) : Value::number(seconds);
}

}  // namespace sluice
