#include "core/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace sluice {
namespace {

TEST(Arena, Objects_are_aligned_and_do_not_overlap) {
  Arena arena(64);
  std::vector<std::uint64_t*> numbers;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    arena.copy(std::string(i % 7, 'x'));
    numbers.push_back(arena.make<std::uint64_t>(i));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(numbers.back()) % alignof(std::uint64_t), 0U);
  }
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(*numbers[i], i);
}

TEST(Arena, A_text_larger_than_a_block_gets_a_block_of_its_own) {
  Arena arena(64);
  const std::string text(100'000, 'y');
  EXPECT_EQ(arena.copy(text), text);
  EXPECT_EQ(arena.join("a", text, "b"), "a" + text + "b");
}

TEST(Arena, Reset_keeps_memory_for_the_next_turn_up_to_a_bound) {
  Arena arena(1024);
  for (int i = 0; i < 100; ++i) arena.array<char>(1000);
  const std::size_t held = arena.held_bytes();
  arena.reset();
  EXPECT_EQ(arena.held_bytes(), held);
  arena.reset(2048);
  EXPECT_LE(arena.held_bytes(), 2048U);
}

}  // namespace
}  // namespace sluice
