#include "gateway/peek_choice.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

// Peeks of `blocks` blocks of a hundred events, of which so many pass.
int peeks(PeekChoice& choice, int blocks, int passing) {
  int count = 0;
  for (int block = 0; block < blocks; ++block) {
    int passed = 0;
    for (int event = 0; event < 100; ++event) {
      if (!choice.is_peek()) continue;
      ++count;
      passed += event * 37 % 100 < passing ? 1 : 0;
    }
    for (; passed > 0; --passed) choice.passed();
  }
  return count;
}

TEST(PeekChoice, Peeks_while_most_events_are_dropped) {
  PeekChoice choice;
  EXPECT_EQ(peeks(choice, 100, 0), 10'000);
  EXPECT_EQ(peeks(choice, 100, 25), 10'000);
}

TEST(PeekChoice, Reads_whole_when_most_pass_and_finds_out_when_that_changes) {
  PeekChoice choice;
  peeks(choice, 100, 90);
  EXPECT_LT(peeks(choice, 100, 90), 1'000);
  peeks(choice, 1'000, 5);
  EXPECT_EQ(peeks(choice, 100, 5), 10'000);
}

}  // namespace
}  // namespace sluice
