#include "gateway/backlog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "storage/journal.h"
#include "storage/memory_store.h"
#include "storage/outbox.h"
#include "storage/records.h"

namespace sluice {
namespace {

class BacklogTest : public testing::Test {
 protected:
  // Stores one record of `events` events with payloads of `payload_bytes` that do not compress.
  // With `in_journal` they are references to a journal block that is stored too.
  void put(std::size_t events, std::size_t payload_bytes, bool in_journal = false) {
    BlockHeader header;
    header.block = ++block_;
    header.wall = Timestamp(std::chrono::seconds(block_));
    std::vector<Event> made(events);
    std::vector<const Event*> pointers;
    std::vector<std::string> payloads(events);
    for (std::size_t i = 0; i < events; ++i) {
      payloads[i].resize(payload_bytes);
      for (char& byte : payloads[i]) byte = static_cast<char>(random_());
      made[i].payload = payloads[i];
      made[i].has_payload = true;
      made[i].block_index = static_cast<std::uint32_t>(i);
      pointers.push_back(&made[i]);
    }
    WriteBatch batch;
    if (in_journal) put_journal(batch, codec_, header, pointers);
    put_outbox(batch, codec_, lane_, state_.next, header, pointers, in_journal);
    state_.next += events;
    ASSERT_TRUE(store_.commit(batch));
  }
  Backlog measure() { return measure_backlog(store_, codec_, lane_, state_).value(); }
  // The slow, obvious way: the bytes of all values.
  std::uint64_t stored_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& [key, value] : store_.contents()) bytes += value.size();
    return bytes;
  }

  MemoryStore store_;
  FrameCodec codec_;
  const LaneId lane_{1, 4};
  LaneState state_;
  std::uint64_t block_ = 0;
  std::minstd_rand random_{7};
};

TEST_F(BacklogTest, An_empty_lane_has_nothing) {
  EXPECT_EQ(measure().events, 0U);
  put(10, 50);
  state_.shipped = state_.next;
  const Backlog done = measure();
  EXPECT_EQ(done.events, 0U);
  EXPECT_EQ(done.bytes, 0U);
  EXPECT_FALSE(done.oldest);
}

TEST_F(BacklogTest, Few_records_are_measured_to_the_byte) {
  put(1, 10'000);
  put(99, 10);
  const Backlog backlog = measure();
  EXPECT_EQ(backlog.events, 100U);
  EXPECT_NEAR(static_cast<double>(backlog.bytes), static_cast<double>(stored_bytes()), 1);
}

TEST_F(BacklogTest, Many_records_are_told_from_a_few_however_the_sizes_drift) {
  for (std::size_t i = 0; i < 2'000; ++i) put(1 + i % 7, 20 + i / 10);
  const Backlog backlog = measure();
  const auto truth = static_cast<double>(stored_bytes());
  EXPECT_EQ(backlog.events, state_.next - 1);
  EXPECT_NEAR(static_cast<double>(backlog.bytes), truth, 0.15 * truth);
}

TEST_F(BacklogTest, A_record_that_is_half_shipped_counts_half) {
  put(100, 1'000);
  state_.shipped = 51;
  const Backlog backlog = measure();
  EXPECT_EQ(backlog.events, 50U);
  EXPECT_NEAR(static_cast<double>(backlog.bytes), static_cast<double>(stored_bytes()) / 2, 1);
}

TEST_F(BacklogTest, What_was_acknowledged_out_of_order_does_not_wait) {
  for (int i = 0; i < 10; ++i) put(10, 100);
  state_.beyond.add(31, 81);
  const Backlog backlog = measure();
  EXPECT_EQ(backlog.events, 50U);
  EXPECT_NEAR(static_cast<double>(backlog.bytes), static_cast<double>(stored_bytes()) / 2,
              0.02 * static_cast<double>(stored_bytes()));
}

TEST_F(BacklogTest, References_count_with_the_block_that_they_hold_in_the_journal) {
  put(20, 500, true);
  EXPECT_NEAR(static_cast<double>(measure().bytes), static_cast<double>(stored_bytes()), 1);
  EXPECT_GT(measure().bytes, 20U * 500U);
}

TEST_F(BacklogTest, The_oldest_is_of_the_first_record_that_still_waits) {
  for (int i = 0; i < 5; ++i) put(10, 10);
  state_.shipped = 25;
  const Backlog backlog = measure();
  ASSERT_TRUE(backlog.oldest);
  EXPECT_EQ(backlog.oldest->block, 3U);
}

TEST_F(BacklogTest, A_damaged_record_is_passed_over_and_its_age_is_not_told) {
  put(10, 10);
  put(10, 10);
  ASSERT_TRUE(store_.damage(keys::outbox_part(lane_, 1, 0), "rubbish"));
  const Backlog backlog = measure();
  EXPECT_EQ(backlog.events, 20U);
  EXPECT_FALSE(backlog.oldest);
}

}  // namespace
}  // namespace sluice
