#include "packaging/flash/units.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace sluice {
namespace {

std::string with_one_digit(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), number < 99.95 ? "%.1f" : "%.0f", number);
  return text.data();
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  const auto number = static_cast<double>(bytes);
  if (number >= 1e9) return with_one_digit(number / 1e9) + " GB";
  if (number >= 1e6) return with_one_digit(number / 1e6) + " MB";
  if (number >= 1e3) return with_one_digit(number / 1e3) + " kB";
  return std::to_string(bytes) + " bytes";
}

std::string speed_text(std::uint64_t bytes, std::chrono::duration<double> spent) {
  const double seconds = std::max(spent.count(), 1e-3);
  return with_one_digit(static_cast<double>(bytes) / 1e6 / seconds) + " MB/s";
}

std::string seconds_text(std::chrono::duration<double> span) {
  if (span.count() < 60) return with_one_digit(span.count()) + " s";
  const auto whole = static_cast<std::uint64_t>(std::llround(span.count()));
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

}  // namespace sluice
