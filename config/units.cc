#include "config/units.h"

#include <array>
#include <charconv>
#include <limits>

namespace sluice {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};
// Largest first, powers of two before the powers of ten next to them.
constexpr std::array<Unit, 10> units{{{"TiB", std::uint64_t{1} << 40},
                                      {"TB", 1'000'000'000'000},
                                      {"GiB", std::uint64_t{1} << 30},
                                      {"GB", 1'000'000'000},
                                      {"MiB", std::uint64_t{1} << 20},
                                      {"MB", 1'000'000},
                                      {"KiB", std::uint64_t{1} << 10},
                                      {"KB", 1'000},
                                      {"kB", 1'000},
                                      {"B", 1}}};

const Unit* find_unit(std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<ByteSize> parse_byte_size(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Error{ErrorKind::bad_input, "'" + std::string(text) +
                                           "' is not a size such as \"256KiB\" or \"1GiB\"" +
                                           std::string(why)};
  };
  std::uint64_t whole = 0;
  const char* const end = text.data() + text.size();
  const auto [after_whole, status] = std::from_chars(text.data(), end, whole);
  if (status == std::errc::result_out_of_range) return bad(": too large");
  if (status != std::errc{}) return bad("");
  std::string_view rest(after_whole, static_cast<std::size_t>(end - after_whole));

  std::string_view decimals;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    std::size_t count = 0;
    while (count < rest.size() && is_digit(rest[count])) ++count;
    decimals = rest.substr(0, count);
    rest.remove_prefix(count);
    if (decimals.empty()) return bad("");
  }
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty()) return bad(": its unit is missing");
  const Unit* unit = find_unit(rest);
  if (unit == nullptr) return bad("; units are B KiB MiB GiB TiB kB MB GB TB");

  if (whole > std::numeric_limits<std::uint64_t>::max() / unit->bytes) return bad(": too large");
  const std::uint64_t bytes = whole * unit->bytes;

  std::uint64_t numerator = 0;  // the decimals are numerator / divisor units
  std::uint64_t divisor = 1;
  for (const char digit : decimals) {
    if (divisor == 1'000'000'000) return bad(": at most 9 decimals");
    numerator = numerator * 10 + static_cast<std::uint64_t>(digit - '0');
    divisor *= 10;
  }
  // unit * numerator needs up to 70 bits; divided in two, both products fit.
  const std::uint64_t rest_of_unit = unit->bytes % divisor * numerator;
  if (rest_of_unit % divisor != 0) return bad(": not a whole number of bytes");
  const std::uint64_t fraction = unit->bytes / divisor * numerator + rest_of_unit / divisor;
  if (bytes > std::numeric_limits<std::uint64_t>::max() - fraction) return bad(": too large");
  return ByteSize(bytes + fraction);
}

std::string format_byte_size(ByteSize size) {
  const std::uint64_t bytes = size.bytes();
  std::string shortest = std::to_string(bytes) + "B";
  for (const Unit& unit : units) {
    if (bytes == 0 || bytes % unit.bytes != 0) continue;
    const std::string text = std::to_string(bytes / unit.bytes).append(unit.name);
    if (text.size() < shortest.size()) shortest = text;
  }
  return shortest;
}

}  // namespace sluice
