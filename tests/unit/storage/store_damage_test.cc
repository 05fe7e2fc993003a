// What a store gives after its file was damaged: never a crash, never an event that was not stored,
// and what is missing is told.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "storage/dead_letters.h"
#include "storage/epochs.h"
#include "storage/head.h"
#include "storage/journal.h"
#include "storage/lmdb_store.h"
#include "storage/outbox.h"
#include "storage/snapshots.h"
#include "storage/source_state.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t max_bytes = 64ULL << 20;
constexpr LaneId owned_lane{1, 4};
constexpr LaneId reference_lane{2, 4};
constexpr int blocks = 24;

std::string large_key(int i) {
  return keys::part(keys::journal, 1'000'000 + static_cast<std::uint64_t>(i), 0);
}

class DamagedStore : public testing::Test {
 protected:
  DamagedStore() {
    const char* memory = fs::exists("/dev/shm") ? "/dev/shm/sluice-XXXXXX" : "/tmp/sluice-XXXXXX";
    std::string name = memory;
    directory_ = mkdtemp(name.data());
  }
  ~DamagedStore() override { fs::remove_all(directory_); }

  fs::path file() const { return directory_ / "store.mdb"; }

  std::unique_ptr<LmdbStore> open() {
    auto store = LmdbStore::open(directory_, {max_bytes});
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }

  // A store as a gateway leaves it: blocks, both kinds of outbox records, trims, one record in
  // parts, a snapshot, dead letters, a session, an epoch.
  void fill() {
    auto store = open();
    FrameCodec codec;
    ASSERT_TRUE(read_or_make_store_id(*store, codec));
    Head head;
    head.sink_number("cloud");
    head.sink_number("local");
    std::mt19937 random(4);
    for (int block = 1; block <= blocks; ++block) {
      WriteBatch batch;
      BlockHeader header;
      header.block = static_cast<std::uint64_t>(block);
      header.next_sequence = head.next_sequence + 5;
      header.gateway = "g";
      std::vector<std::string> payloads;
      std::vector<Event> events(5);
      std::vector<const Event*> pointers;
      for (std::size_t i = 0; i < events.size(); ++i) {
        std::string text = "{\"n\":" + std::to_string(head.next_sequence + i) + "}";
        if (block == 9) {  // incompressible: a record in parts
          for (int byte = 0; byte < 30'000; ++byte)
            text.push_back(static_cast<char>('!' + random() % 90));
        }
        payloads.push_back(text);
      }
      for (std::size_t i = 0; i < events.size(); ++i) {
        events[i].payload = payloads[i];
        events[i].has_payload = true;
        events[i].source_name = "floor";
        events[i].sequence = head.next_sequence + i;
        events[i].block_index = static_cast<std::uint32_t>(i);
        pointers.push_back(&events[i]);
        expected_[head.next_sequence + i] = payloads[i];
      }
      put_journal(batch, codec, header, pointers);
      for (const LaneId lane : {owned_lane, reference_lane}) {
        LaneState& state = head.lanes[lane];
        put_outbox(batch, codec, lane, state.next, header, pointers, lane == reference_lane);
        state.next += events.size();
      }
      const DeadLetter letter{0, "decode", "no JSON", events[0]};
      put_dead_letters(batch, codec, head.next_dead_letter++, header, {&letter, 1});
      put_source_state(batch, codec, "floor", "device", "session");
      put_slice(batch, codec, header.block, 0, 0, "state");
      put_snapshot_end(batch, codec, header.block, 1, {{"pipelines.p.steps.window#1", 7}});
      head.next_sequence += events.size();
      head.next_block = header.block + 1;
      put_head(batch, codec, head);
      put_sink_numbers(batch, codec, head);
      if (block == 2) put_epoch(batch, codec, {1, {}, "f", "text", "v", "z", {}});
      ASSERT_TRUE(store->commit(batch));
    }
  }

  struct Found {
    std::set<std::uint64_t> sequences;
    std::uint64_t damaged = 0;
  };

  // What a shipper would read of a lane; fails the test on an event that was never stored.
  Found read_lane(const Store& store, LaneId lane) {
    Found found;
    OutboxReader reader(store, lane, "id");
    for (std::uint64_t at = 1; at <= expected_.size();) {
      const auto read = reader.read(at);
      EXPECT_TRUE(read) << read.error().message;
      if (!read || !read->is_found) break;
      if (read->is_damaged) ++found.damaged;
      for (const Event& event : read->record.events) {
        const auto stored = expected_.find(event.sequence);
        EXPECT_TRUE(stored != expected_.end() && stored->second == event.payload)
            << "an event that was not stored: " << event.sequence;
        found.sequences.insert(event.sequence);
      }
      at = std::max(read->record.end, at + 1);
    }
    return found;
  }

  std::string bytes() const {
    std::stringstream text;
    text << std::ifstream(file(), std::ios::binary).rdbuf();
    return text.str();
  }
  void write_bytes(const std::string& bytes) const {
    for (const auto& entry : fs::directory_iterator(directory_)) fs::remove(entry.path());
    std::ofstream(file(), std::ios::binary) << bytes;
  }

  fs::path directory_;
  std::map<std::uint64_t, std::string> expected_;
};

TEST_F(DamagedStore, Every_flipped_byte_is_survived_and_what_is_missing_is_told) {
  fill();
  const std::string whole = bytes();
  const char* asked = std::getenv("SLUICE_FLIP_EVERY");
  const std::size_t step = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 193;
  std::size_t flips = 0;
  std::size_t told = 0;
  std::size_t incomplete = 0;
  for (std::size_t at = 0; at < whole.size(); at += step, ++flips) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    write_bytes(damaged);
    auto store = open();
    ASSERT_NE(store, nullptr) << "byte " << at;
    FrameCodec codec;
    std::uint64_t damaged_records = 0;
    ASSERT_TRUE(recover_head(*store, codec, damaged_records));
    ASSERT_TRUE(find_snapshot(*store, codec, damaged_records));
    ASSERT_TRUE(read_source_state(*store, codec, "floor", damaged_records));
    ASSERT_TRUE(last_epoch(*store, codec));
    const Found owned = read_lane(*store, owned_lane);
    const Found references = read_lane(*store, reference_lane);
    const bool is_told =
        !store->moved_aside().empty() || damaged_records + owned.damaged + references.damaged > 0;
    told += is_told ? 1 : 0;
    for (const Found* found : {&owned, &references}) {
      if (found->sequences.size() == expected_.size()) continue;
      ++incomplete;
      ASSERT_TRUE(is_told) << "byte " << at << ": events are missing and nothing tells";
      // The neighbours are intact: what one byte can take is one page of small records.
      ASSERT_GE(found->sequences.size() + 20, expected_.size()) << "byte " << at;
    }
    WriteBatch batch;
    batch.put(keys::sink_numbers, "still writable");
    ASSERT_TRUE(store->commit(batch)) << "byte " << at;
    if (HasFailure()) FAIL() << "byte " << at;
  }
  RecordProperty("flips", static_cast<int>(flips));
  std::printf("%zu flips: %zu told, %zu lanes incomplete\n", flips, told, incomplete);
  EXPECT_GT(told, 0U);
}

TEST_F(DamagedStore, A_lost_page_costs_its_own_records_and_no_others) {
  fill();
  const std::string whole = bytes();
  for (std::size_t page = 0; page < whole.size() / 4096; ++page) {
    std::string damaged = whole;
    damaged.replace(page * 4096, 4096, std::string(4096, '\0'));
    write_bytes(damaged);
    auto store = open();
    ASSERT_NE(store, nullptr);
    const Found found = read_lane(*store, owned_lane);
    EXPECT_GE(found.sequences.size(), expected_.size() / 2) << "page " << page;
  }
}

TEST_F(DamagedStore, Cut_anywhere_it_gives_what_is_left) {
  fill();
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); size += 1'777) {
    write_bytes(whole.substr(0, size));
    auto store = open();
    ASSERT_NE(store, nullptr);
    const Found found = read_lane(*store, owned_lane);
    EXPECT_LE(found.sequences.size(), expected_.size());
    // Only pages that nobody uses may be missing without a word.
    if (store->moved_aside().empty()) {
      EXPECT_EQ(found.sequences.size(), expected_.size()) << size;
    }
  }
}

TEST_F(DamagedStore, The_salvaged_store_keeps_its_id_and_positions) {
  fill();
  FrameCodec codec;
  const std::string id = read_or_make_store_id(*open(), codec).value();
  std::string damaged = bytes();
  damaged.replace(0, 8192, std::string(8192, 'x'));  // both headers
  write_bytes(damaged);
  auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_GT(store->salvaged().records, 0U);
  EXPECT_EQ(read_or_make_store_id(*store, codec).value(), id);
  std::uint64_t damaged_records = 0;
  const Head head = recover_head(*store, codec, damaged_records).value();
  EXPECT_EQ(head.next_sequence, expected_.size() + 1);
  EXPECT_EQ(head.sinks.at("local"), 2U);
  EXPECT_EQ(read_lane(*store, owned_lane).sequences.size(), expected_.size());
  EXPECT_EQ(read_lane(*store, reference_lane).sequences.size(), expected_.size());
}

TEST_F(DamagedStore, A_store_of_a_newer_program_is_refused_untouched_or_set_aside_when_asked) {
  {
    auto store = open();
    WriteBatch batch;
    batch.put("A", "sluice store 999");
    ASSERT_TRUE(store->commit(batch));
  }
  const std::string before = bytes();
  const auto refused = LmdbStore::open(directory_, {max_bytes});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_config);
  EXPECT_NE(refused.error().message.find("newer"), std::string::npos);
  EXPECT_EQ(bytes(), before);
  auto beside = LmdbStore::open(directory_, {max_bytes, true});
  ASSERT_TRUE(beside) << beside.error().message;
  EXPECT_TRUE(fs::exists((*beside)->moved_aside()));
}

TEST_F(DamagedStore, A_file_of_LMDB_that_is_no_store_of_ours_is_set_aside) {
  {
    auto store = open();
    WriteBatch batch;
    batch.erase("A");
    batch.put("other", "program");
    ASSERT_TRUE(store->commit(batch));
  }
  auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_FALSE(store->moved_aside().empty());
}

TEST_F(DamagedStore, A_start_that_ended_between_two_renames_goes_on_with_the_salvaged_store) {
  fill();
  fs::rename(file(), directory_ / "store.mdb.salvaged");
  auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(read_lane(*store, owned_lane).sequences.size(), expected_.size());
}

TEST_F(DamagedStore, A_tool_reads_beside_the_gateway_and_sees_what_is_committed_later) {
  fill();
  auto store = open();
  auto reader = LmdbStore::open_read_only(directory_);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(read_lane(**reader, owned_lane).sequences.size(), expected_.size());
  WriteBatch large;  // the file grows beyond the reader's map
  for (int i = 0; i < 40; ++i) large.put(large_key(i), std::string(1 << 20, 'x'));
  ASSERT_TRUE(store->commit(large));
  EXPECT_EQ((*reader)->get(large_key(39)).value()->size(), 1U << 20);
  EXPECT_FALSE((*reader)->commit(large));
  EXPECT_EQ(store->find_fault({}), std::nullopt);
}

TEST_F(DamagedStore, A_compact_copy_has_everything_and_passes_the_check) {
  fill();
  auto store = open();
  WriteBatch large;
  for (int i = 0; i < 8; ++i) large.put(large_key(i), std::string(1 << 20, 'x'));
  ASSERT_TRUE(store->commit(large));
  WriteBatch erase;
  for (int i = 0; i < 8; ++i) erase.erase(large_key(i));
  ASSERT_TRUE(store->commit(erase));
  double reached = 0;
  ASSERT_TRUE(store->copy_compact(directory_ / "copy.mdb", [&](double share) { reached = share; }));
  EXPECT_EQ(reached, 1.0);
  store.reset();
  EXPECT_LT(fs::file_size(directory_ / "copy.mdb"), fs::file_size(file()) / 4);
  fs::rename(directory_ / "copy.mdb", file());
  store = open();
  EXPECT_TRUE(store->moved_aside().empty());
  EXPECT_EQ(read_lane(*store, reference_lane).sequences.size(), expected_.size());
}

}  // namespace
}  // namespace sluice
