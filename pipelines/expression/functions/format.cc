// string.format(list): "%.1f °C at %s".format([22.5, subject]).
//
// Clauses: %s anything; %d integers; %f %e doubles and integers, with a precision; %b integers and
// bools in binary; %o octal; %x %X integers, strings and bytes in hexadecimal; %% a percent sign.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "pipelines/expression/functions/parts.h"
#include "pipelines/expression/numbers.h"
#include "pipelines/expression/operators.h"
#include "pipelines/expression/plain_text.h"

namespace sluice::cel {
namespace formatting {
namespace {

constexpr int default_precision = 6;
constexpr int max_precision = 100;

struct Clause {
  char letter = 0;
  int precision = default_precision;
};

// Reads "%.3f" behind its percent sign, and moves `format` past it.
std::optional<Clause> read_clause(std::string_view& format) {
  Clause clause;
  if (format.starts_with('.')) {
    format.remove_prefix(1);
    const char* end = format.data() + format.size();
    const auto [stop, status] = std::from_chars(format.data(), end, clause.precision);
    if (status != std::errc{} || clause.precision < 0 || clause.precision > max_precision) {
      return std::nullopt;
    }
    format.remove_prefix(static_cast<std::size_t>(stop - format.data()));
  }
  if (format.empty()) return std::nullopt;
  clause.letter = format.front();
  format.remove_prefix(1);
  return clause;
}

void append_based(std::string& out, const Value& number, int base) {
  std::array<char, 72> digits{};
  char* const first = digits.data();
  char* const last = first + digits.size();
  const auto end = number.kind() == Kind::integer
                       ? std::to_chars(first, last, number.as_int(), base).ptr
                       : std::to_chars(first, last, number.as_uint(), base).ptr;
  out.append(first, end);
}

bool is_integer(const Value& value) {
  return value.kind() == Kind::integer || value.kind() == Kind::uinteger;
}

void append_hex_bytes(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : bytes) {
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
}

bool append_decimal(std::string& out, const Value& value) {
  if (is_integer(value)) {
    append_based(out, value, 10);
    return true;
  }
  if (value.kind() == Kind::number && !std::isfinite(value.as_double())) {
    append_double(out, value.as_double());
    return true;
  }
  return false;
}

bool append_floating(std::string& out, const Value& value, std::chars_format form, int precision) {
  if (!value.is_numeric()) return false;
  const double number = value.to_double();
  if (!std::isfinite(number)) {
    append_double(out, number);
    return true;
  }
  // The largest double has 309 digits before the point.
  std::array<char, 512> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), number, form, precision).ptr;
  out.append(text.data(), end);
  return true;
}

bool append_binary(std::string& out, const Value& value) {
  if (value.kind() == Kind::boolean) {
    out.push_back(value.as_bool() ? '1' : '0');
    return true;
  }
  if (!is_integer(value)) return false;
  append_based(out, value, 2);
  return true;
}

bool append_hex(std::string& out, const Value& value, bool is_upper) {
  const std::size_t start = out.size();
  if (is_integer(value)) {
    append_based(out, value, 16);
  } else if (value.kind() == Kind::string || value.kind() == Kind::bytes) {
    append_hex_bytes(out, value.as_text());
  } else {
    return false;
  }
  if (is_upper) {
    for (std::size_t i = start; i < out.size(); ++i) {
      if (out[i] >= 'a' && out[i] <= 'f') out[i] = static_cast<char>(out[i] - 'a' + 'A');
    }
  }
  return true;
}

// False: the clause does not take a value of this type. `problem`: the value has no text.
bool append_clause(std::string& out, const Clause& clause, const Value& value, Context& context,
                   std::string_view& problem) {
  switch (clause.letter) {
    case 's':
      problem = append_plain(out, value, context);
      return true;
    case 'd':
      return append_decimal(out, value);
    case 'f':
      return append_floating(out, value, std::chars_format::fixed, clause.precision);
    case 'e':
      return append_floating(out, value, std::chars_format::scientific, clause.precision);
    case 'b':
      return append_binary(out, value);
    case 'o':
      if (!is_integer(value)) return false;
      append_based(out, value, 8);
      return true;
    default:
      return append_hex(out, value, clause.letter == 'X');
  }
}

Value format(std::span<const Value> arguments, Context& context) {
  std::string_view rest = arguments[0].as_text();
  const auto values = arguments[1].as_list();
  std::string result;
  std::size_t next = 0;
  while (!rest.empty()) {
    const std::size_t percent = std::min(rest.find('%'), rest.size());
    result.append(rest.substr(0, percent));
    rest.remove_prefix(percent);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    if (rest.starts_with('%')) {
      result.push_back('%');
      rest.remove_prefix(1);
      continue;
    }
    const auto clause = read_clause(rest);
    if (!clause || std::string_view("sdfeboxX").find(clause->letter) == std::string_view::npos) {
      return context.error({"format() knows the clauses %s %d %f %e %b %o %x %X and %% only"});
    }
    if (next >= values.size()) return context.error({"format() has fewer values than clauses"});
    const Value& value = values[next++];
    std::string_view problem;
    if (!append_clause(result, *clause, value, context, problem)) {
      return context.error({"format()'s %", std::string_view(&clause->letter, 1), " does not take ",
                            type_name(value)});
    }
    if (!problem.empty()) return context.error({problem});
    if (!context.spend_bytes(result.size() / 8)) return Context::over_budget();
  }
  return context.string(result);
}

constexpr std::array<Definition, 1> definitions{{
    {"format", "string.(list(dyn)) -> string", format,
     "'%.1f %s'.format([22.46, 'C']) == '22.5 C'"},
}};

}  // namespace
}  // namespace formatting

std::span<const Definition> format_functions() { return formatting::definitions; }

}  // namespace sluice::cel
