#include "storage/snapshots.h"

#include <gtest/gtest.h>

#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

class Snapshots : public testing::Test {
 protected:
  void put(std::uint64_t block, std::uint32_t slices, bool is_closed) {
    WriteBatch batch;
    for (std::uint32_t i = 0; i < slices; ++i)
      put_slice(batch, codec_, block, i, 0, "slice" + std::to_string(i));
    if (is_closed) put_snapshot_end(batch, codec_, block, slices, {{"part", 9}});
    ASSERT_TRUE(store_.commit(batch));
  }
  std::string load(const SnapshotInfo& info) {
    std::string all;
    const auto loaded = load_snapshot(store_, codec_, info,
                                      [&](std::uint32_t, std::string_view bytes) -> Result<void> {
                                        all += bytes;
                                        return {};
                                      });
    return loaded ? all : "damaged";
  }
  MemoryStore store_;
  FrameCodec codec_;
  std::uint64_t damaged_ = 0;
};

TEST_F(Snapshots, Only_a_closed_snapshot_counts_and_the_newest_wins) {
  put(3, 2, true);
  put(8, 1, true);
  put(9, 5, false);
  const auto found = find_snapshot(store_, codec_, damaged_).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->block, 8U);
  EXPECT_EQ(found->parts, (std::vector<StatePart>{{"part", 9}}));
  EXPECT_EQ(load(*found), "slice0");
}

TEST_F(Snapshots, A_missing_slice_is_noticed) {
  put(3, 3, true);
  WriteBatch batch;
  batch.erase(keys::slice(3, 1));
  ASSERT_TRUE(store_.commit(batch));
  EXPECT_EQ(load(*find_snapshot(store_, codec_, damaged_).value()), "damaged");
}

TEST_F(Snapshots, A_damaged_closing_record_is_counted_and_the_one_before_is_used) {
  put(3, 1, true);
  put(8, 1, true);
  ASSERT_TRUE(store_.damage(keys::slice(8, ~0U), "xxxxxxxxxxxxxxxxxxxxxxx"));
  EXPECT_EQ(find_snapshot(store_, codec_, damaged_).value()->block, 3U);
  EXPECT_EQ(damaged_, 1U);
}

TEST_F(Snapshots, Old_ones_and_unfinished_ones_are_erased) {
  put(3, 4, true);
  put(8, 1, true);
  put(9, 5, false);
  WriteBatch batch;
  ASSERT_TRUE(erase_unfinished(store_, batch, 8));
  EXPECT_EQ(trim_snapshots(store_, batch, 8, 100).value(), 5U);
  ASSERT_TRUE(store_.commit(batch));
  EXPECT_EQ(store_.contents().size(), 2U);
  EXPECT_EQ(find_snapshot(store_, codec_, damaged_).value()->block, 8U);
}

}  // namespace
}  // namespace sluice
