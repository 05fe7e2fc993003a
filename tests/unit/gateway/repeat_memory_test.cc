#include "gateway/repeat_memory.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {
using namespace std::chrono_literals;

TEST(RepeatMemory, It_knows_what_the_same_sender_sent_within_the_time) {
  RepeatMemory memory;
  memory.remember("floor", "dev-1", 42, EngineTime{0});
  EXPECT_TRUE(memory.knows("floor", "dev-1", 42, EngineTime{0} + 247s));
  EXPECT_FALSE(memory.knows("floor", "dev-1", 42, EngineTime{0} + 248s));
  EXPECT_FALSE(memory.knows("floor", "dev-2", 42, EngineTime{0}));
  EXPECT_FALSE(memory.knows("meters", "dev-1", 42, EngineTime{0}));
  EXPECT_FALSE(memory.knows("floor", "dev-1", 43, EngineTime{0}));
}

TEST(RepeatMemory, It_is_bounded_per_sender_and_in_senders) {
  RepeatMemory memory({.per_sender = 4, .senders = 2});
  for (std::uint64_t i = 1; i <= 1'000; ++i) {
    memory.remember("s", "a", i, EngineTime{0});
    for (std::uint64_t newest = 0; newest < std::min<std::uint64_t>(i, 4); ++newest)
      EXPECT_TRUE(memory.knows("s", "a", i - newest, EngineTime{0}));
    if (i > 5) {
      EXPECT_FALSE(memory.knows("s", "a", i - 5, EngineTime{0}));
    }
  }
  memory.remember("s", "b", 1, EngineTime{0});
  memory.remember("s", "a", 5, EngineTime{0});
  memory.remember("s", "c", 1, EngineTime{0});
  EXPECT_EQ(memory.senders(), 2U);
  EXPECT_FALSE(memory.knows("s", "b", 1, EngineTime{0})) << "b was silent for longest";
  EXPECT_TRUE(memory.knows("s", "a", 5, EngineTime{0}));
}

TEST(RepeatMemory, All_senders_together_are_bounded) {
  RepeatMemory memory({.total = 10});
  for (const char* sender : {"a", "b", "c"}) {
    for (std::uint64_t i = 1; i <= 4; ++i) memory.remember("s", sender, i, EngineTime{0});
  }
  EXPECT_FALSE(memory.knows("s", "a", 4, EngineTime{0})) << "a was silent for longest";
  EXPECT_TRUE(memory.knows("s", "b", 1, EngineTime{0}));
  EXPECT_TRUE(memory.knows("s", "c", 4, EngineTime{0}));
}

TEST(Fingerprint, Each_part_of_a_message_matters) {
  const std::uint64_t base = message_fingerprint(7, "tok", "a/b", "21.5");
  EXPECT_EQ(base, message_fingerprint(7, "tok", "a/b", "21.5"));
  EXPECT_NE(base, message_fingerprint(8, "tok", "a/b", "21.5"));
  EXPECT_NE(base, message_fingerprint(7, "tik", "a/b", "21.5"));
  EXPECT_NE(base, message_fingerprint(7, "tok", "a/c", "21.5"));
  EXPECT_NE(base, message_fingerprint(7, "tok", "a/b", "21.6"));
  EXPECT_NE(message_fingerprint(0, "", "x", ""), id_fingerprint("x"));
}

}  // namespace
}  // namespace sluice
