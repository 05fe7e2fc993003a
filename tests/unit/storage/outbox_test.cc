#include "storage/outbox.h"

#include <gtest/gtest.h>

#include "storage/journal.h"
#include "storage/memory_store.h"
#include "storage/records.h"

namespace sluice {
namespace {

constexpr LaneId lane{1, 4};

class Outbox : public testing::Test {
 protected:
  // `count` events with payloads "0", "1", ...
  std::vector<Event> make_events(std::size_t count) {
    std::vector<Event> events(count);
    for (std::size_t i = 0; i < count; ++i) {
      events[i].payload = arena_.copy(std::to_string(i));
      events[i].has_payload = true;
      events[i].block_index = static_cast<std::uint32_t>(i);
    }
    return events;
  }
  static std::vector<const Event*> pick(const std::vector<Event>& events,
                                        std::initializer_list<std::size_t> indexes) {
    std::vector<const Event*> picked;
    for (const std::size_t index : indexes) picked.push_back(&events[index]);
    return picked;
  }
  static std::string payloads(const OutboxRecord& record) {
    std::string all;
    for (const Event& event : record.events) all += std::string(event.payload) + " ";
    return all;
  }

  Arena arena_;
  FrameCodec codec_;
  MemoryStore store_;
};

TEST_F(Outbox, References_give_the_events_of_their_journal_block) {
  const auto events = make_events(10);
  BlockHeader header;
  header.block = 5;
  WriteBatch batch;
  put_journal(batch, codec_, header, pick(events, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  put_outbox(batch, codec_, lane, 100, header, pick(events, {1, 4, 9}), true);
  ASSERT_TRUE(store_.commit(batch));
  OutboxReader reader(store_, lane, "id");
  for (const std::uint64_t at : {100U, 101U, 102U}) {
    const auto found = reader.read(at).value();
    ASSERT_TRUE(found.is_found);
    EXPECT_EQ(found.record.first, 100U);
    EXPECT_EQ(found.record.end, 103U);
    EXPECT_EQ(payloads(found.record), "1 4 9 ");
  }
  EXPECT_FALSE(reader.read(103).value().is_found);
}

TEST_F(Outbox, Owned_events_and_gaps_follow_each_other_in_order) {
  const auto events = make_events(3);
  WriteBatch batch;
  put_outbox(batch, codec_, lane, 1, {}, pick(events, {0, 1}), false);
  put_gap(batch, codec_, lane, 3, {},
          {17, Timestamp(Duration(5)), Timestamp(Duration(9)), "drop_oldest"});
  put_outbox(batch, codec_, lane, 4, {}, pick(events, {2}), false);
  ASSERT_TRUE(store_.commit(batch));
  OutboxReader reader(store_, lane, "id");
  EXPECT_EQ(payloads(reader.read(2).value().record), "0 1 ");
  const auto gap = reader.read(3).value();
  EXPECT_EQ(gap.record.kind, OutboxKind::gap);
  EXPECT_EQ(gap.record.gap.events, 17U);
  EXPECT_EQ(gap.record.gap.reason, "drop_oldest");
  EXPECT_EQ(payloads(reader.read(4).value().record), "2 ");
}

TEST_F(Outbox, Lanes_do_not_see_each_other) {
  const auto events = make_events(1);
  WriteBatch batch;
  put_outbox(batch, codec_, {1, 0}, 1, {}, pick(events, {0}), false);
  ASSERT_TRUE(store_.commit(batch));
  EXPECT_FALSE(OutboxReader(store_, {1, 1}, "id").read(1).value().is_found);
  EXPECT_FALSE(OutboxReader(store_, {2, 0}, "id").read(1).value().is_found);
}

TEST_F(Outbox, A_damaged_record_says_what_it_held_and_the_next_one_is_read) {
  const auto events = make_events(4);
  WriteBatch batch;
  put_outbox(batch, codec_, lane, 1, {}, pick(events, {0, 1}), false);
  put_outbox(batch, codec_, lane, 3, {}, pick(events, {2, 3}), false);
  ASSERT_TRUE(store_.commit(batch));
  const std::string key = keys::outbox_part(lane, 1, 0);
  ASSERT_TRUE(store_.damage(key, "rubbish that is no frame"));
  OutboxReader reader(store_, lane, "id");
  const auto damaged = reader.read(1).value();
  EXPECT_TRUE(damaged.is_found && damaged.is_damaged);
  EXPECT_EQ(damaged.record.first, 1U);
  EXPECT_EQ(damaged.record.end, 3U);
  EXPECT_EQ(payloads(reader.read(3).value().record), "2 3 ");
}

TEST_F(Outbox, References_to_a_block_that_is_gone_are_damage_and_not_a_crash) {
  const auto events = make_events(2);
  BlockHeader header;
  header.block = 9;
  WriteBatch batch;
  put_outbox(batch, codec_, lane, 1, header, pick(events, {0, 1}), true);
  ASSERT_TRUE(store_.commit(batch));
  const auto found = OutboxReader(store_, lane, "id").read(1).value();
  EXPECT_TRUE(found.is_damaged);
  EXPECT_EQ(found.record.end, 3U);
}

TEST_F(Outbox, A_summary_gives_its_events_and_its_level) {
  const auto events = make_events(2);
  WriteBatch batch;
  put_summary(batch, codec_, lane, 7, {}, 3, pick(events, {0, 1}));
  ASSERT_TRUE(store_.commit(batch));
  EXPECT_EQ(payloads(OutboxReader(store_, lane, "id").read(7).value().record), "0 1 ");
  const auto frame = read_at_or_after(store_, keys::lane_prefix(lane), 0).value().frame;
  const OutboxOutline outline = outline_outbox(frame, codec_).value();
  EXPECT_EQ(outline.kind, OutboxKind::summary);
  EXPECT_EQ(outline.level, 3U);
  EXPECT_EQ(outline.events, 2U);
}

TEST_F(Outbox, Holes_get_a_gap_unless_a_policy_explains_them) {
  const auto events = make_events(5);
  const auto all = pick(events, {0, 1, 2, 3, 4});
  WriteBatch batch;
  put_outbox(batch, codec_, lane, 10, {}, all, false);  // 10 to 14; 15 to 19 are missing
  put_outbox(batch, codec_, lane, 20, {}, all, false);
  put_gap(batch, codec_, lane, 25, {}, {9, {}, {}, "drop_oldest"});  // explains 26 to 33
  put_outbox(batch, codec_, lane, 34, {}, all, false);  // 34 to 38; 39 to 41 are missing
  ASSERT_TRUE(store_.commit(batch));
  LaneState state;
  state.shipped = 10;
  state.next = 42;
  EXPECT_EQ(fill_holes(store_, codec_, lane, state, {}).value(), 8U);
  OutboxReader reader(store_, lane, "id");
  EXPECT_EQ(reader.read(15).value().record.gap.events, 5U);
  EXPECT_EQ(reader.read(26).value().record.first, 34U);
  EXPECT_EQ(reader.read(39).value().record.gap.events, 3U);
  EXPECT_EQ(fill_holes(store_, codec_, lane, state, {}).value(), 0U) << "once is enough";
}

TEST_F(Outbox, The_last_record_may_be_damaged_and_still_covers_what_was_asked_for) {
  const auto events = make_events(5);
  WriteBatch batch;
  put_outbox(batch, codec_, lane, 10, {}, pick(events, {0, 1, 2, 3, 4}), false);
  ASSERT_TRUE(store_.commit(batch));
  ASSERT_TRUE(store_.damage(keys::outbox_part(lane, 10, 0), "rubbish"));
  const auto found = OutboxReader(store_, lane, "id").read(13).value();
  EXPECT_TRUE(found.is_found);
  EXPECT_TRUE(found.is_damaged);
  EXPECT_EQ(found.record.end, 14U);
}

}  // namespace
}  // namespace sluice
