#include "gateway/journal_retention.h"

#include <gtest/gtest.h>

#include "storage/journal.h"
#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp began{1'790'000'000s};

BlockHeader at(std::uint64_t block, Duration time) {
  BlockHeader header;
  header.block = block;
  header.wall = began + time;
  header.engine_time = EngineTime{time.count()};
  return header;
}

TEST(JournalRetention, Blocks_are_kept_for_their_age_whenever_one_asks) {
  MemoryStore store;
  FrameCodec codec;
  for (std::uint64_t block = 1; block <= 5'000; ++block) {
    WriteBatch batch;
    put_journal(batch, codec, at(block, std::chrono::seconds(block)), {});
    ASSERT_TRUE(store.commit(batch));
  }
  JournalRetention retention(store, codec, 1'000s);
  std::uint64_t start = 0;
  for (int second = 5'000; second < 5'100; ++second) {
    start = retention.start(at(6'000, std::chrono::seconds(second))).value();
    EXPECT_LE(start, static_cast<std::uint64_t>(second) - 1'000) << "a young block would go";
  }
  EXPECT_GE(start, 4'080U) << "it comes close in a hundred looks";
}

TEST(JournalRetention, Without_a_span_nothing_is_kept_for_its_age) {
  MemoryStore store;
  FrameCodec codec;
  EXPECT_EQ(JournalRetention(store, codec, 0s).start(at(1, 1s)).value(), ~0ULL);
}

TEST(JournalRetention, A_damaged_block_does_not_stop_it) {
  MemoryStore store;
  FrameCodec codec;
  for (std::uint64_t block = 1; block <= 20; ++block) {
    WriteBatch batch;
    put_journal(batch, codec, at(block, std::chrono::seconds(block)), {});
    ASSERT_TRUE(store.commit(batch));
  }
  ASSERT_TRUE(store.damage(keys::part(keys::journal, 5, 0), "rubbish"));
  JournalRetention retention(store, codec, 5s);
  std::uint64_t start = 0;
  for (int second = 100; second < 120; ++second)
    start = retention.start(at(30, std::chrono::seconds(second))).value();
  EXPECT_EQ(start, 20U);
}

}  // namespace
}  // namespace sluice
