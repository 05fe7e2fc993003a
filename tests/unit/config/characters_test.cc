#include "config/characters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

std::vector<std::string> characters_of(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) all.emplace_back(take_character(text));
  return all;
}

TEST(Characters, Are_code_points_or_single_bad_bytes) {
  EXPECT_THAT(characters_of("a\u00e9\u20ac\U0001F600"),
              testing::ElementsAre("a", "\u00e9", "\u20ac", "\U0001F600"));
  EXPECT_THAT(characters_of("\xff\xc3\xe2\x82z\xf8"),
              testing::ElementsAre("\xff", "\xc3", "\xe2", "\x82", "z", "\xf8"));
}

TEST(CharacterIndex, Finds_the_byte_of_every_position) {
  const CharacterIndex index("\u00e9x\n\u20ac\n");
  EXPECT_EQ(index.byte_of({1, 1}), 0u);
  EXPECT_EQ(index.byte_of({1, 2}), 2u);
  EXPECT_EQ(index.byte_of({1, 3}), 3u) << "the line's end";
  EXPECT_EQ(index.byte_of({2, 1}), 4u);
  EXPECT_EQ(index.byte_of({2, 2}), 7u);
  EXPECT_EQ(index.byte_of({3, 1}), 8u) << "the text's end";
}

TEST(CharacterIndex, A_position_outside_is_the_end) {
  const CharacterIndex index("ab\nc");
  for (const Position position : {Position{0, 0}, {1, 0}, {2, 9}, {3, 1}, {2, 0xffffffff}}) {
    EXPECT_EQ(index.byte_of(position), 4u);
  }
}

}  // namespace
}  // namespace sluice
