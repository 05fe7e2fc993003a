// Numbers as text, the same on every machine and in every locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::cel {

// The whole of `text` as a number, with an optional sign; nothing when it is not one.
std::optional<std::int64_t> parse_int(std::string_view text);
std::optional<std::uint64_t> parse_uint(std::string_view text);
// Also "NaN" and "Infinity". A magnitude beyond IEEE 754 binary64 gives 0 or infinity.
std::optional<double> parse_double(std::string_view text);

// The shortest digits that read back as `number`; an exponent only below 1e-6 and from 1e21 on;
// "NaN", "Infinity", "-Infinity".
void append_double(std::string& out, double number);
std::string double_text(double number);

}  // namespace sluice::cel
