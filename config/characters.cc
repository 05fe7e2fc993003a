#include "config/characters.h"

namespace sluice {
namespace {

std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first >= 0xf0 && first < 0xf8 ? 4
                           : first >= 0xe0               ? 3
                           : first >= 0xc2               ? 2
                                                         : 1;
  if (size > text.size() || first >= 0xf8) return 1;
  for (std::size_t i = 1; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 1;
  }
  return size;
}

}  // namespace

std::string_view take_character(std::string_view& text) {
  const std::string_view character = text.substr(0, character_bytes(text));
  text.remove_prefix(character.size());
  return character;
}

std::vector<std::size_t> find_line_starts(std::string_view text) {
  std::vector<std::size_t> starts{0};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts.push_back(i + 1);
  }
  return starts;
}

CharacterIndex::CharacterIndex(std::string_view text) : line_starts_{0} {
  bytes_.reserve(text.size() + 1);
  std::string_view rest = text;
  while (!rest.empty()) {
    bytes_.push_back(static_cast<std::uint32_t>(text.size() - rest.size()));
    if (take_character(rest) == "\n") {
      line_starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    }
  }
  bytes_.push_back(static_cast<std::uint32_t>(text.size()));
}

std::size_t CharacterIndex::byte_of(Position position) const {
  if (!position.is_known() || position.column == 0 || position.line > line_starts_.size()) {
    return bytes_.back();
  }
  const std::uint64_t index = std::uint64_t{line_starts_[position.line - 1]} + position.column - 1;
  return index < bytes_.size() ? bytes_[static_cast<std::size_t>(index)] : bytes_.back();
}

}  // namespace sluice
