#include "gateway/screen_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace sluice {
namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Columns, near enough: one for each code point.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !is_continuation(c); }));
}

// The longest start of `text` that takes no more than `width` columns.
std::string_view start_of(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  for (std::size_t used = 0; end < text.size(); ++end) {
    if (!is_continuation(text[end]) && used++ == width) break;
  }
  return text.substr(0, end);
}

std::string cut(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  return std::string(start_of(text, width < 2 ? 0 : width - 2)) + "..";
}

// With one decimal, rounded.
std::string tenths_text(double amount) {
  const auto tenths = static_cast<std::uint64_t>(std::llround(amount * 10));
  return count_text(tenths / 10) + "." + std::to_string(tenths % 10);
}

}  // namespace

std::string on_one_line(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n' || c == '\t') {
      clean.push_back(' ');
    } else if (byte >= 0x20 && byte != 0x7F) {
      clean.push_back(c);
    } else {
      clean.push_back('?');
    }
  }
  // C1 control characters: terminals obey these too.
  for (std::size_t at = 0; (at = clean.find('\xC2', at)) != std::string::npos; ++at) {
    if (at + 1 < clean.size() && static_cast<unsigned char>(clean[at + 1]) < 0xA0)
      clean.replace(at, 2, "?");
  }
  return clean;
}

std::string fit_left(std::string_view text, std::size_t width) {
  std::string fitted = cut(text, width);
  fitted.append(width - columns(fitted), ' ');
  return fitted;
}

std::string fit_right(std::string_view text, std::size_t width) {
  std::string fitted = cut(text, width);
  fitted.insert(0, width - columns(fitted), ' ');
  return fitted;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t max_lines) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() + 1 < max_lines && columns(text) > width) {
    std::string_view line = start_of(text, width + 1);
    const std::size_t space = line.rfind(' ');
    const bool has_break = space != std::string_view::npos && space > 0;
    line = has_break ? line.substr(0, space) : start_of(text, width);
    lines.emplace_back(line);
    text.remove_prefix(line.size() + (has_break ? 1 : 0));
  }
  if (!text.empty()) lines.push_back(cut(text, width));
  return lines;
}

std::string count_text(std::uint64_t number, std::size_t width) {
  constexpr std::array<std::string_view, 7> units = {"", " K", " M", " G", " T", " P", " E"};
  std::string text;
  for (std::string_view unit : units) {
    text = std::to_string(number);
    for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
      text.insert(static_cast<std::size_t>(at), 1, ',');
    text += unit;
    if (text.size() <= width) break;
    number /= 1000;
  }
  return text;
}

std::string count_of(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> units = {" B", " KiB", " MiB", " GiB", " TiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < units.size()) {
    amount /= 1024;
    ++unit;
  }
  return tenths_text(amount).append(units[unit]);
}

std::string rate_text(double per_second, std::size_t width) {
  if (per_second < 0.05) return per_second > 0 ? "<0.1" : "0";
  if (per_second < 1000) return tenths_text(per_second);
  return count_text(static_cast<std::uint64_t>(std::llround(per_second)), width);
}

}  // namespace sluice
