#include "storage/quarantine.h"

#include <gtest/gtest.h>

#include "storage/journal.h"
#include "storage/keys.h"
#include "storage/memory_store.h"
#include "storage/outbox.h"
#include "storage/records.h"

namespace sluice {
namespace {

constexpr LaneId lane{1, 4};

class Quarantine : public testing::Test {
 protected:
  void put(const std::string& key, const std::string& frame) {
    WriteBatch batch;
    put_record(batch, key, frame);
    ASSERT_TRUE(store_.commit(batch));
  }
  bool quarantine(const std::string& key) {
    WriteBatch batch;
    const bool is_kept = put_quarantine(store_, batch, key).value();
    EXPECT_TRUE(store_.commit(batch));
    return is_kept;
  }
  MemoryStore store_;
};

TEST_F(Quarantine, A_record_is_copied_with_all_its_parts_and_only_once) {
  const std::string large(3 * max_part_bytes, 'x');
  put(keys::numbered(keys::journal, 7), large);
  put(keys::numbered(keys::journal, 8), "the next one");
  EXPECT_TRUE(quarantine(keys::numbered(keys::journal, 7)));
  EXPECT_FALSE(quarantine(keys::numbered(keys::journal, 7)));
  const auto kept =
      read_at_or_after(store_, std::string(1, keys::quarantine) + keys::journal, 0).value();
  ASSERT_TRUE(kept.is_found);
  EXPECT_EQ(kept.frame.number, 7U);
  EXPECT_EQ(kept.frame.bytes, large);
  EXPECT_EQ(count_quarantined(store_).value(), 1U);
}

TEST_F(Quarantine, What_is_not_there_is_not_kept_and_it_is_bounded) {
  EXPECT_FALSE(quarantine(keys::numbered(keys::journal, 1)));
  for (std::uint64_t i = 1; i <= max_quarantined_records + 5; ++i) {
    put(keys::numbered(keys::journal, i), "x");
    EXPECT_EQ(quarantine(keys::numbered(keys::journal, i)), i <= max_quarantined_records);
  }
  EXPECT_EQ(count_quarantined(store_).value(), max_quarantined_records);
}

TEST_F(Quarantine, The_reader_of_an_outbox_names_what_is_damaged) {
  FrameCodec codec;
  Event event;
  event.payload = "1";
  event.has_payload = true;
  const Event* const events[] = {&event};
  BlockHeader header;
  header.block = 5;
  WriteBatch batch;
  put_outbox(batch, codec, lane, 1, header, events, false);
  put_outbox(batch, codec, lane, 2, header, events, true);  // refers to a block that is not there
  ASSERT_TRUE(store_.commit(batch));
  std::string damaged = store_.contents().at(keys::outbox_part(lane, 1, 0));
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  WriteBatch spoil;
  spoil.put(keys::outbox_part(lane, 1, 0), damaged);
  ASSERT_TRUE(store_.commit(spoil));
  OutboxReader reader(store_, lane, "id");
  const auto first = reader.read(1).value();
  EXPECT_TRUE(first.is_damaged);
  EXPECT_TRUE(quarantine(first.damaged_key));
  EXPECT_EQ(reader.read(2).value().damaged_key, keys::numbered(keys::journal, 5));
}

}  // namespace
}  // namespace sluice
