#include "storage/dead_letters.h"

#include <gtest/gtest.h>

#include "storage/head.h"
#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

TEST(DeadLetters, They_read_back_in_order_and_damage_costs_only_its_own_record) {
  MemoryStore store;
  FrameCodec codec;
  WriteBatch batch;
  for (std::uint64_t first = 1; first <= 5; first += 2) {
    std::vector<DeadLetter> letters(2);
    for (std::size_t i = 0; i < 2; ++i) {
      letters[i].stage = "decode";
      letters[i].reason = "reason " + std::to_string(first + i);
      letters[i].event.payload = "{bad";
      letters[i].event.has_payload = true;
    }
    put_dead_letters(batch, codec, first, {}, letters);
  }
  ASSERT_TRUE(store.commit(batch));
  ASSERT_TRUE(store.damage(keys::part(keys::dead_letter, 3, 0), "this is not a frame"));
  std::uint64_t damaged = 0;
  std::string seen;
  ASSERT_TRUE(read_dead_letters(store, codec, "id", 2, damaged,
                                [&](const DeadLetter& letter, const BlockHeader&) {
                                  seen += std::to_string(letter.number) + ":" + letter.reason +
                                          ":" + std::string(letter.event.payload) + " ";
                                  return true;
                                }));
  EXPECT_EQ(seen, "2:reason 2:{bad 5:reason 5:{bad 6:reason 6:{bad ");
  EXPECT_EQ(damaged, 1U);
  Head head;
  ASSERT_TRUE(recover_dead_letters(store, codec, head, damaged));
  EXPECT_EQ(head.next_dead_letter, 7U);
}

}  // namespace
}  // namespace sluice
