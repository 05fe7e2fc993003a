// How figures and texts are written for a person on a terminal: in a given number of columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Without control characters, on one line.
std::string on_one_line(std::string_view text);

// Exactly `width` columns: filled up with spaces, or cut with ".." at its end.
std::string fit_left(std::string_view text, std::size_t width);
std::string fit_right(std::string_view text, std::size_t width);

// At most `max_lines` lines of `width` columns, broken between words where that is possible; what
// does not fit is cut.
std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t max_lines);

// 12345678 -> "12,345,678", or "12,345 K", "12 M" where that is wider than `width`.
std::string count_text(std::uint64_t number, std::size_t width = 99);
std::string count_of(std::size_t count, std::string_view what);    // "1 sink", "2 sinks"
std::string bytes_text(std::uint64_t bytes);                       // "3.0 MiB"
std::string rate_text(double per_second, std::size_t width = 99);  // "0.3", "12.5", "1,250"

}  // namespace sluice
