#include "gateway/replay/journal_walk.h"

#include <gtest/gtest.h>

#include "storage/frame.h"
#include "storage/journal.h"
#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

using std::chrono::seconds;

class JournalWalkTest : public testing::Test {
 protected:
  // Blocks of one event each; block n was made at second 10 * n.
  void record(std::uint64_t first, std::uint64_t last) {
    WriteBatch batch;
    for (std::uint64_t n = first; n <= last; ++n) {
      BlockHeader header;
      header.block = n;
      header.wall = Timestamp(seconds(10 * n));
      Event event;
      event.source_name = "floor";
      event.payload = "1";
      event.has_payload = true;
      const Event* pointer = &event;
      put_journal(batch, codec_, header, std::span(&pointer, 1));
    }
    ASSERT_TRUE(store_.commit(batch));
  }

  WalkReport walk(ReplayRange range = {}) {
    visited_.clear();
    return walk_journal(
               store_, "id", range,
               [&](const Block& block, Arena&) {
                 EXPECT_EQ(block.events.size(), 1u);
                 visited_.push_back(block.header.block);
                 if (on_visit_) on_visit_();
               },
               [&](const WalkProgress& progress) { progress_ = progress; })
        .value();
  }

  MemoryStore store_;
  FrameCodec codec_;
  std::vector<std::uint64_t> visited_;
  std::function<void()> on_visit_;
  WalkProgress progress_;
};

using Blocks = std::vector<std::uint64_t>;

TEST_F(JournalWalkTest, All_blocks_are_visited_in_order) {
  record(3, 6);
  const WalkReport report = walk();
  EXPECT_EQ(visited_, (Blocks{3, 4, 5, 6}));
  EXPECT_EQ(report.blocks, 4u);
  EXPECT_EQ(report.events, 4u);
  EXPECT_EQ(progress_.blocks_done, 4u);
  EXPECT_EQ(progress_.blocks_total, 4u);
}

TEST_F(JournalWalkTest, A_range_begins_at_since_and_ends_before_until) {
  record(1, 6);
  const WalkReport report = walk({Timestamp(seconds(20)), Timestamp(seconds(50))});
  EXPECT_EQ(visited_, (Blocks{2, 3, 4}));
  EXPECT_EQ(report.first, Timestamp(seconds(20)));
  EXPECT_EQ(report.last, Timestamp(seconds(40)));
  EXPECT_EQ(report.oldest, Timestamp(seconds(10)));
  EXPECT_EQ(report.newest, Timestamp(seconds(60)));
  EXPECT_EQ(progress_.blocks_done, 6u);
}

TEST_F(JournalWalkTest, Of_an_empty_journal_nothing_is_visited) {
  const WalkReport report = walk();
  EXPECT_EQ(report.blocks, 0u);
  EXPECT_FALSE(report.oldest);
}

TEST_F(JournalWalkTest, A_damaged_block_is_counted_and_passed_over) {
  record(1, 3);
  ASSERT_TRUE(store_.damage(keys::part(keys::journal, 2, 0), "rubbish"));
  EXPECT_EQ(walk().damaged, 1u);
  EXPECT_EQ(visited_, (Blocks{1, 3}));
}

TEST_F(JournalWalkTest, What_is_appended_meanwhile_is_not_visited) {
  record(1, 2);
  on_visit_ = [&] {
    on_visit_ = nullptr;
    record(3, 5);
  };
  walk();
  EXPECT_EQ(visited_, (Blocks{1, 2}));
}

}  // namespace
}  // namespace sluice
