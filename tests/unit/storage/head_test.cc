#include "storage/head.h"

#include <gtest/gtest.h>

#include "storage/block.h"
#include "storage/journal.h"
#include "storage/memory_store.h"
#include "storage/outbox.h"

namespace sluice {
namespace {

TEST(Head, All_positions_read_back) {
  Head head;
  head.next_sequence = 1'000'000;
  head.next_block = 77;
  head.next_dead_letter = 5;
  head.engine_time = EngineTime{-3};
  const std::uint16_t cloud = head.sink_number("cloud");
  EXPECT_EQ(head.sink_number("local"), cloud + 1);
  EXPECT_EQ(head.sink_number("cloud"), cloud);
  LaneState& lane = head.lanes[{cloud, 2}];
  lane.next = 50;
  lane.shipped = 20;
  lane.beyond.add(30, 35);
  lane.handed_out = 44;
  lane.holes = 3;
  lane.references_end = 9;
  head.boot_clocks = {{7, Duration{-5}}, {8, Duration{9}}};
  const Head again = decode_head(encode_head(head)).value();
  EXPECT_EQ(again.next_sequence, head.next_sequence);
  EXPECT_EQ(again.next_block, head.next_block);
  EXPECT_EQ(again.engine_time, head.engine_time);
  EXPECT_EQ(again.sinks, head.sinks);
  const LaneState& lane_again = again.lanes.at({cloud, 2});
  EXPECT_EQ(lane_again.next, 50U);
  EXPECT_EQ(lane_again.shipped, 20U);
  EXPECT_EQ(lane_again.beyond.ranges(), lane.beyond.ranges());
  EXPECT_EQ(lane_again.handed_out, 44U);
  EXPECT_EQ(lane_again.holes, 3U);
  EXPECT_EQ(lane_again.references_end, 9U);
  EXPECT_EQ(again.boot_clocks, head.boot_clocks);
}

TEST(Head, When_it_is_damaged_sinks_keep_their_numbers_and_no_policy_may_touch_what_is_there) {
  MemoryStore store;
  FrameCodec codec;
  Head head;
  head.sink_number("b");
  head.sink_number("a");
  WriteBatch batch;
  put_head(batch, codec, head);
  put_sink_numbers(batch, codec, head);
  const Event event{};
  const Event* events[] = {&event};
  put_outbox(batch, codec, {2, 0}, 41, {}, events, false);
  ASSERT_TRUE(store.commit(batch));
  ASSERT_TRUE(store.damage("H", "rubbish"));
  std::uint64_t damaged = 0;
  const Head recovered = recover_head(store, codec, damaged).value();
  EXPECT_EQ(damaged, 1U);
  EXPECT_EQ(recovered.sinks, head.sinks);
  EXPECT_EQ(recovered.lanes.at({2, 0}).handed_out, 42U);
}

TEST(Head, A_head_of_version_1_is_read) {
  // next sequence 9, block 3, dead letters 1 and 1, time 0; sink "s" = 1; lane 1.0: next 5, shipped
  // 2
  const std::string raw("\x01\x09\x03\x01\x01\x00\x01\x01s\x01\x01\x01\x00\x05\x02\x00", 16);
  const Head head = decode_head(raw).value();
  EXPECT_EQ(head.next_sequence, 9U);
  EXPECT_EQ(head.lanes.at({1, 0}).shipped, 2U);
  EXPECT_EQ(head.lanes.at({1, 0}).handed_out, 5U);
}

TEST(Head, Recovery_goes_on_behind_the_last_records_when_the_head_is_older) {
  MemoryStore store;
  FrameCodec codec;
  Head head;
  head.next_sequence = 10;
  head.next_block = 3;
  WriteBatch batch;
  put_head(batch, codec, head);
  BlockHeader header;
  header.block = 8;
  header.next_sequence = 200;
  header.engine_time = EngineTime{900};
  const Event event{};
  const Event* events[] = {&event, &event};
  put_journal(batch, codec, header, events);
  header.block = 9;
  header.next_sequence = 210;
  put_outbox(batch, codec, {1, 0}, 41, header, events, false);
  ASSERT_TRUE(store.commit(batch));
  std::uint64_t damaged = 0;
  const Head recovered = recover_head(store, codec, damaged).value();
  EXPECT_EQ(damaged, 0U);
  EXPECT_EQ(recovered.next_sequence, 210U);
  EXPECT_EQ(recovered.next_block, 10U);
  EXPECT_EQ(recovered.engine_time, EngineTime{900});
  EXPECT_EQ(recovered.lanes.at({1, 0}).next, 43U);
}

TEST(Head, A_damaged_head_is_counted_and_the_records_still_tell_the_positions) {
  MemoryStore store;
  FrameCodec codec;
  WriteBatch batch;
  batch.put("H", "not a frame at all");
  BlockHeader header;
  header.block = 4;
  header.next_sequence = 33;
  put_journal(batch, codec, header, {});
  ASSERT_TRUE(store.commit(batch));
  std::uint64_t damaged = 0;
  const Head recovered = recover_head(store, codec, damaged).value();
  EXPECT_EQ(damaged, 1U);
  EXPECT_EQ(recovered.next_sequence, 33U);
  EXPECT_EQ(recovered.next_block, 5U);
}

TEST(StoreId, It_is_made_once_and_stays) {
  MemoryStore store;
  FrameCodec codec;
  const std::string id = read_or_make_store_id(store, codec).value();
  EXPECT_EQ(id.size(), 16U);
  EXPECT_EQ(read_or_make_store_id(store, codec).value(), id);
  MemoryStore other;
  EXPECT_NE(read_or_make_store_id(other, codec).value(), id);
}

TEST(StoreId, The_plain_digits_of_format_1_are_read) {
  MemoryStore store;
  FrameCodec codec;
  WriteBatch batch;
  batch.put("Aid", "0123456789abcdef");
  ASSERT_TRUE(store.commit(batch));
  EXPECT_EQ(read_or_make_store_id(store, codec).value(), "0123456789abcdef");
}

}  // namespace
}  // namespace sluice
