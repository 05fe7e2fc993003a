// Strings of CEL count and cut by code points; ours are UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cel {

// A Unicode scalar value: at most U+10FFFF and not a surrogate.
constexpr bool is_code_point(std::uint32_t code) {
  return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

// The UTF-8 of a code point.
void append_code_point(std::string& out, std::uint32_t code);

// Code points in `text`.
std::size_t count_code_points(std::string_view text);

// Where the code point number `index` starts, in bytes; the end for index == count; nothing beyond.
std::optional<std::size_t> code_point_offset(std::string_view text, std::size_t index);

// Bytes of the code point at the front of `text`, which is not empty.
std::size_t code_point_size(std::string_view text);

// The code point at the front of `text`, which is not empty.
std::uint32_t first_code_point(std::string_view text);

}  // namespace sluice::cel
