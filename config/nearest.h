// The name that was probably meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

// The name with the fewest edits (a letter more, less or other, or two swapped; upper case is as
// lower case) from `word`, the first of equals; nothing when all are further than a third of the
// word.
std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> known);

// The end of an error message: "; did you mean 'topics'?", or the list of up to twelve known names,
// or nothing.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace sluice
