#include "storage/records.h"

#include <gtest/gtest.h>

#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

const std::string prefix(1, keys::journal);

void put(MemoryStore& store, std::uint64_t number, std::string_view bytes) {
  WriteBatch batch;
  put_record(batch, keys::numbered(keys::journal, number), bytes);
  ASSERT_TRUE(store.commit(batch));
}

TEST(Records, A_large_record_is_cut_into_parts_and_read_back_whole) {
  MemoryStore store;
  const std::string large(3 * max_part_bytes + 5, 'q');
  put(store, 7, large);
  for (const auto& [key, value] : store.contents()) EXPECT_LE(value.size(), max_part_bytes);
  const FoundFrame found = read_at_or_after(store, prefix, 0).value();
  EXPECT_EQ(found.frame.number, 7U);
  EXPECT_EQ(found.frame.bytes, large);
  EXPECT_EQ(found.frame.next_number, 0U);
}

TEST(Records, They_are_found_from_either_side) {
  MemoryStore store;
  for (const std::uint64_t number : {10U, 20U, 30U}) put(store, number, "x");
  EXPECT_EQ(read_at_or_after(store, prefix, 11).value().frame.number, 20U);
  EXPECT_EQ(read_at_or_before(store, prefix, 19).value().frame.number, 10U);
  EXPECT_EQ(read_at_or_before(store, prefix, 20).value().frame.next_number, 30U);
  EXPECT_FALSE(read_at_or_before(store, prefix, 9).value().is_found);
  EXPECT_FALSE(read_at_or_after(store, prefix, 31).value().is_found);
}

TEST(Records, Trimming_erases_whole_records_and_never_the_last) {
  MemoryStore store;
  for (const std::uint64_t number : {10U, 20U, 30U})
    put(store, number, std::string(max_part_bytes + 1, 'x'));
  WriteBatch batch;
  EXPECT_EQ(erase_before(store, batch, prefix, 25, 64).value(), 1U);  // 20..29 reaches beyond 25
  ASSERT_TRUE(store.commit(batch));
  EXPECT_EQ(read_at_or_after(store, prefix, 0).value().frame.number, 20U);
  batch.clear();
  EXPECT_EQ(erase_before(store, batch, prefix, 1'000, 64).value(), 1U);
  ASSERT_TRUE(store.commit(batch));
  EXPECT_EQ(read_at_or_after(store, prefix, 0).value().frame.number, 30U);
}

TEST(Records, Trimming_is_bounded) {
  MemoryStore store;
  for (std::uint64_t number = 0; number < 10; ++number) put(store, number, "x");
  WriteBatch batch;
  EXPECT_EQ(erase_before(store, batch, prefix, 100, 3).value(), 3U);
  EXPECT_EQ(batch.operations().size(), 3U);
}

}  // namespace
}  // namespace sluice
