#include "pipelines/expression/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sluice::cel {
namespace {

// from_chars takes no plus sign, and a second sign after it would be an error.
std::string_view without_plus(std::string_view text) {
  const bool has_plus = text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+';
  return has_plus ? text.substr(1) : text;
}

template <typename T>
std::optional<T> parse_integer(std::string_view text) {
  const std::string_view digits = without_plus(text);
  T number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, status] = std::from_chars(digits.data(), end, number);
  if (status != std::errc{} || stop != end) return std::nullopt;
  return number;
}

// For digits that from_chars finds out of range: whether the number is below 1.
bool is_below_one(std::string_view digits) {
  const std::size_t mark = std::min(digits.find_first_of("eE"), digits.size());
  const std::string_view mantissa = digits.substr(0, mark);
  const auto first = static_cast<std::int64_t>(mantissa.find_first_of("123456789"));
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  std::int64_t exponent = 0;
  if (mark < digits.size()) {
    const std::string_view text = without_plus(digits.substr(mark + 1));
    const auto status = std::from_chars(text.data(), text.data() + text.size(), exponent).ec;
    if (status != std::errc{}) return text.starts_with('-');  // beyond any mantissa we take
  }
  return point - first + exponent < 0;
}

}  // namespace

std::optional<std::int64_t> parse_int(std::string_view text) {
  return parse_integer<std::int64_t>(text);
}
std::optional<std::uint64_t> parse_uint(std::string_view text) {
  return parse_integer<std::uint64_t>(text);
}

std::optional<double> parse_double(std::string_view text) {
  const std::string_view digits = without_plus(text);
  double number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, status] = std::from_chars(digits.data(), end, number);
  if (stop != end || digits.empty()) return std::nullopt;
  if (status == std::errc{}) return number;
  if (status != std::errc::result_out_of_range) return std::nullopt;
  const bool is_negative = digits.starts_with('-');
  const double magnitude = is_below_one(digits.substr(is_negative ? 1 : 0))
                               ? 0.0
                               : std::numeric_limits<double>::infinity();
  return is_negative ? -magnitude : magnitude;
}

void append_double(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
    return;
  }
  if (std::isinf(number)) {
    out += number < 0 ? "-Infinity" : "Infinity";
    return;
  }
  const double magnitude = std::abs(number);
  const bool is_plain = magnitude == 0 || (magnitude >= 1e-6 && magnitude < 1e21);
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number,
                    is_plain ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  out.append(text.data(), end);
}

std::string double_text(double number) {
  std::string text;
  append_double(text, number);
  return text;
}

}  // namespace sluice::cel
