// TOML string literals as they are written (TOML 1.0, "String"), for what the parser's tree does
// not tell: where they end, and where each byte of the value was written.
#pragma once

#include <cstddef>
#include <string_view>

#include "config/diagnostics.h"

namespace sluice {

// Bytes of the literal at the front of `text`, which begins with a quote, quotes included. One that
// is not closed ends with its line, or with the text if it may have several lines.
std::size_t literal_length(std::string_view text);

// Where byte `offset` of the literal's `value` is written; beyond the end, the closing quote.
// `start` is the position of the opening quote.
Position position_in_literal(std::string_view literal, std::string_view value, Position start,
                             std::size_t offset);

}  // namespace sluice
