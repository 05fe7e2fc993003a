// Text as a person sees it in an editor: lines, and characters (Unicode code points) in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"

namespace sluice {

// Takes one character off the front of `text`, which is not empty. A byte that is not part of UTF-8
// is a character of its own.
std::string_view take_character(std::string_view& text);

// Byte offsets at which the lines of `text` start; the first is 0.
std::vector<std::size_t> find_line_starts(std::string_view text);

// Finds the byte at a position at once, wherever it is. Takes four bytes per character.
class CharacterIndex {
 public:
  // `text` has less than 4 GiB.
  explicit CharacterIndex(std::string_view text);

  // The size of the text when the position lies beyond its end.
  std::size_t byte_of(Position position) const;

 private:
  std::vector<std::uint32_t> bytes_;        // of each character, and of the end
  std::vector<std::uint32_t> line_starts_;  // index in bytes_
};

}  // namespace sluice
