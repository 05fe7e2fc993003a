#include "storage/lmdb_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <random>

#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t mib = 1ULL << 20;

std::string key(std::uint64_t number) { return keys::part(keys::journal, number, 0); }

class LmdbStoreTest : public testing::Test {
 protected:
  LmdbStoreTest() {
    std::string name = (fs::temp_directory_path() / "sluice-store-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~LmdbStoreTest() override { fs::remove_all(directory_); }

  std::unique_ptr<LmdbStore> open(std::uint64_t max_bytes = 64 * mib) {
    auto store = LmdbStore::open(directory_, {max_bytes});
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  static Result<void> put(Store& store, const std::string& where, std::string value) {
    WriteBatch batch;
    batch.put(where, std::move(value));
    return store.commit(batch);
  }

  fs::path directory_;
};

TEST_F(LmdbStoreTest, It_behaves_as_a_plain_map_does_also_after_it_was_opened_again) {
  std::mt19937 random(9);
  MemoryStore oracle;
  auto store = open();
  for (int round = 0; round < 200; ++round) {
    WriteBatch batch;
    for (auto i = random() % 10; i > 0; --i) {
      const std::string changed = key(random() % 50);
      if (random() % 3 == 0) {
        batch.erase(changed);
      } else {
        batch.put(changed, std::string(random() % 5000, static_cast<char>('a' + random() % 26)));
      }
    }
    ASSERT_TRUE(store->commit(batch));
    ASSERT_TRUE(oracle.commit(batch));
    if (round % 50 == 49) {
      store.reset();
      store = open();
    }
    const std::string from = key(random() % 50);
    std::string seen, expected;
    const auto collect = [](std::string& into) {
      return [&into](std::string_view found, std::string_view value) {
        into += std::string(found) + "=" + std::string(value) + ";";
        return true;
      };
    };
    ASSERT_TRUE(store->scan(from, "K", collect(seen)));
    ASSERT_TRUE(oracle.scan(from, "K", collect(expected)));
    ASSERT_EQ(seen, expected);
    EXPECT_EQ(store->last("J", from).value(), oracle.last("J", from).value());
    EXPECT_EQ(store->get(from).value(), oracle.get(from).value());
  }
}

TEST_F(LmdbStoreTest, A_scan_from_the_empty_key_begins_with_the_first_record) {
  auto store = open();
  ASSERT_TRUE(put(*store, key(1), "v"));
  std::vector<std::string> seen;
  const auto scanned = store->scan({}, "\xFF", [&](std::string_view found, std::string_view) {
    seen.emplace_back(found);
    return true;
  });
  ASSERT_TRUE(scanned) << scanned.error().message;
  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.front(), keys::format);
  EXPECT_EQ(seen.back(), key(1));
}

TEST_F(LmdbStoreTest, The_map_grows_while_a_reader_goes_on_later) {
  auto store = open(256 * mib);
  for (std::uint64_t i = 0; i < 60; ++i)
    ASSERT_TRUE(put(*store, key(i), std::string(mib, 'x'))) << i;
  EXPECT_EQ(store->get(key(0)).value()->size(), mib);
  EXPECT_GT(store->usage().used_bytes, 60 * mib);
}

// Of the store's file, as smaps says.
std::uint64_t resident_bytes() {
  std::ifstream maps("/proc/self/smaps");
  bool is_of_store = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" r--") != std::string::npos) is_of_store = line.ends_with("/store.mdb");
    if (is_of_store && line.starts_with("Rss:")) return std::stoull(line.substr(4)) << 10;
  }
  return 0;
}

TEST_F(LmdbStoreTest, However_slowly_it_is_read_its_pages_do_not_stay_in_memory) {
  constexpr std::uint64_t records = 400;  // of 100 kB
  auto store = open();
  for (std::uint64_t i = 0; i < records; ++i)
    ASSERT_TRUE(put(*store, key(i), std::string(100'000, 'x')));
  std::uint64_t most = 0;
  for (std::uint64_t i = 0; i < records; ++i) {
    ASSERT_TRUE(store->get(key(i)));
    store->tidy();
    most = std::max(most, resident_bytes());
  }
  EXPECT_GT(most, 0U);
  EXPECT_LT(most, 8 * mib);
}

TEST_F(LmdbStoreTest, A_full_map_is_no_space_and_erasing_makes_room) {
  auto store = open(20 * mib);
  std::uint64_t stored = 0;
  Result<void> last;
  while ((last = put(*store, key(stored), std::string(mib, 'x')))) ASSERT_LT(++stored, 100U);
  EXPECT_EQ(last.error().kind, ErrorKind::no_space);
  EXPECT_EQ(store->get(key(0)).value()->size(), mib) << "what was there stays readable";
  WriteBatch erase;
  for (std::uint64_t i = 0; i < 10; ++i) erase.erase(key(i));
  ASSERT_TRUE(store->commit(erase));
  EXPECT_TRUE(put(*store, key(904), std::string(mib, 'y'))) << "at once";
}

TEST_F(LmdbStoreTest, A_full_disk_is_no_space_and_the_store_stays_whole) {
  auto store = open(256 * mib);
  ASSERT_TRUE(put(*store, key(900), "kept"));
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited{};
  getrlimit(RLIMIT_FSIZE, &unlimited);
  const rlimit small{2 * mib, unlimited.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto refused = put(*store, key(901), std::string(4 * mib, 'x'));
  setrlimit(RLIMIT_FSIZE, &unlimited);
  ASSERT_FALSE(refused);
  EXPECT_EQ(store->get(key(900)).value(), "kept");
  EXPECT_FALSE(store->get(key(901)).value().has_value());
  store.reset();
  store = open();
  EXPECT_EQ(store->get(key(900)).value(), "kept");
  EXPECT_TRUE(put(*store, key(902), "works"));
}

TEST_F(LmdbStoreTest, A_second_gateway_is_refused_with_the_first_ones_process_id) {
  auto store = open();
  const auto second = LmdbStore::open(directory_, {64 * mib});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::bad_config);
  EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos);
}

TEST_F(LmdbStoreTest, A_file_of_rubbish_is_moved_aside_and_a_new_store_begins) {
  std::ofstream(directory_ / "store.mdb") << std::string(100'000, '\x5A');
  auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(fs::exists(store->moved_aside()));
  EXPECT_EQ(fs::file_size(store->moved_aside()), 100'000U);
  EXPECT_TRUE(put(*store, key(905), "v"));
}

TEST_F(LmdbStoreTest, A_truncated_file_is_moved_aside_and_not_a_bus_error) {
  auto store = open();
  ASSERT_TRUE(put(*store, key(905), std::string(mib, 'x')));
  store.reset();
  fs::resize_file(directory_ / "store.mdb", 64 * 1024);
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_FALSE(store->moved_aside().empty());
}

// LMDB does not write a page that a transaction took and gave back itself.
TEST_F(LmdbStoreTest, A_file_that_lacks_only_free_pages_at_its_end_is_whole) {
  auto store = open();
  ASSERT_TRUE(put(*store, key(1), std::string(mib, 'x')));
  WriteBatch batch;
  batch.erase(key(1));
  ASSERT_TRUE(store->commit(batch));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(put(*store, key(2), std::to_string(i)));
  store.reset();
  const auto size = fs::file_size(directory_ / "store.mdb");
  fs::resize_file(directory_ / "store.mdb", size - 4096);
  store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(store->moved_aside().empty());
  EXPECT_EQ(store->get(key(2)).value(), "9");
  EXPECT_TRUE(put(*store, key(2), "v"));
}

TEST_F(LmdbStoreTest, A_file_left_by_an_interrupted_creation_counts_as_absent) {
  std::ofstream(directory_ / "store.mdb.new") << "half";
  auto store = open();
  EXPECT_TRUE(store->moved_aside().empty());
  EXPECT_FALSE(fs::exists(directory_ / "store.mdb.new"));
}

}  // namespace
}  // namespace sluice
