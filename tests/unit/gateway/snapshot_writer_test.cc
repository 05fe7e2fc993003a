#include "gateway/snapshot_writer.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/assembly.h"
#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

constexpr const char* windowed = R"toml(
[sources.a]
type = "mqtt"
listen = ["mqtt://127.0.0.1:1"]
decode = "json"
[pipelines.p]
from = ["a"]
to = ["f"]
[[pipelines.p.steps]]
window = { tumbling = "10s", key = "subject" }
emit = { n = "count()" }
[sinks.f]
type = "file"
path = "/nonexistent"
)toml";

class SnapshotWriterTest : public testing::Test {
 protected:
  SnapshotWriterTest() {
    std::string problems;
    auto configuration = read_configuration_text(windowed, "box.toml", problems, false);
    EXPECT_TRUE(configuration) << problems;
    assembly_ = assemble(*configuration, "id", nullptr).value();
  }

  // A beat whose block takes as long to replay as may be.
  void beat(SnapshotWriter& writer, std::uint64_t block) {
    writer.processed(std::chrono::seconds(1));
    WriteBatch batch;
    ASSERT_TRUE(writer.add_slices(batch, block));
    ASSERT_TRUE(store_.commit(batch));
    writer.committed();
  }

  std::set<std::string> snapshots() {
    std::set<std::string> blocks;
    const std::string first(1, keys::snapshot);
    const std::string end(1, static_cast<char>(keys::snapshot + 1));
    EXPECT_TRUE(store_.scan(first, end, [&](std::string_view key, std::string_view) {
      blocks.insert(std::string(key.substr(0, 9)));
      return true;
    }));
    return blocks;
  }

  MemoryStore store_;
  FrameCodec codec_;
  Assembly assembly_;
};

TEST_F(SnapshotWriterTest, There_are_never_more_than_two_however_soon_the_next_is_due) {
  SnapshotWriter writer(store_, codec_, *assembly_.graph, std::chrono::milliseconds(1), 0);
  for (std::uint64_t block = 1; block <= 200; ++block) {
    beat(writer, block);
    ASSERT_LE(snapshots().size(), 2U) << "after block " << block;
  }
  EXPECT_GT(writer.keep_journal_from(), 190U) << "and they go on";
}

TEST_F(SnapshotWriterTest, Old_ones_can_go_while_a_beat_waits_for_space) {
  SnapshotWriter writer(store_, codec_, *assembly_.graph, std::chrono::milliseconds(1), 0);
  for (std::uint64_t block = 1; snapshots().size() < 2; ++block) beat(writer, block);
  WriteBatch alone;
  while (writer.is_running()) beat(writer, 1'000);
  ASSERT_TRUE(writer.erase_old(alone));
  ASSERT_TRUE(store_.commit(alone));
  EXPECT_EQ(snapshots().size(), 1U);
}

}  // namespace
}  // namespace sluice
