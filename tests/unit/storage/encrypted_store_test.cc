#include "storage/encrypted_store.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/keys.h"
#include "storage/memory_store.h"

namespace sluice {
namespace {

std::string key_of(char c) { return std::string(Keyring::key_bytes, c); }
std::shared_ptr<Keyring> keys(char current, const std::string& previous = {}) {
  std::vector<std::string> others;
  for (const char c : previous) others.push_back(key_of(c));
  return Keyring::make(key_of(current), std::move(others)).value();
}
std::string record(std::uint64_t number) { return keys::part(keys::journal, number, 0); }

Result<void> put(Store& store, std::string key, std::string value) {
  WriteBatch batch;
  batch.put(std::move(key), std::move(value));
  return store.commit(batch);
}

TEST(Keyring, A_sealed_value_opens_under_its_own_key_and_nowhere_else) {
  const auto ring = keys('a');
  const std::string sealed = ring->seal("J1", "22.5 degrees");
  EXPECT_EQ(ring->open("J1", sealed), "22.5 degrees");
  EXPECT_EQ(ring->open("J2", sealed), std::nullopt);
  EXPECT_EQ(keys('b')->open("J1", sealed), std::nullopt);
  EXPECT_EQ(keys('b', "a")->open("J1", sealed), "22.5 degrees");
  EXPECT_NE(ring->seal("J1", "22.5 degrees"), sealed) << "no nonce twice";
}

TEST(Keyring, Every_flipped_bit_is_noticed) {
  const auto ring = keys('a');
  const std::string sealed = ring->seal("J1", "22.5 degrees");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    ASSERT_EQ(ring->open("J1", changed), std::nullopt) << "bit " << bit;
  }
}

TEST(Keyring, Equal_texts_give_unrelated_bytes) {
  const auto ring = keys('a');
  const std::string a = ring->seal("J1", std::string(64, 'x'));
  const std::string b = ring->seal("J1", std::string(64, 'x'));
  int equal = 0;
  for (std::size_t i = 24; i < a.size(); ++i) equal += a[i] == b[i] ? 1 : 0;
  EXPECT_LT(equal, 10);
}

TEST(Keyring, Keys_are_read_as_bytes_or_digits_and_nothing_else) {
  EXPECT_EQ(Keyring::parse_key(std::string(32, '\x01')).value(), std::string(32, '\x01'));
  EXPECT_EQ(Keyring::parse_key(std::string(63, '0') + "1\n").value(),
            std::string(31, '\0') + '\x01');
  EXPECT_FALSE(Keyring::parse_key("secret"));
  EXPECT_FALSE(Keyring::parse_key(std::string(64, 'g')));
}

TEST(EncryptedStore, It_behaves_as_the_store_below_does_and_nothing_readable_is_in_that) {
  std::mt19937 random(11);
  MemoryStore below;
  MemoryStore oracle;
  auto store = EncryptedStore::open(below, keys('a')).value();
  for (int round = 0; round < 300; ++round) {
    WriteBatch batch;
    for (auto i = random() % 6; i > 0; --i) {
      const std::string key = record(random() % 40);
      if (random() % 3 == 0) {
        batch.erase(key);
      } else {
        batch.put(key, "readable " + std::to_string(random()));
      }
    }
    ASSERT_TRUE(store->commit(batch));
    ASSERT_TRUE(oracle.commit(batch));
    std::string seen, expected;
    const auto into = [](std::string& text) {
      return [&text](std::string_view key, std::string_view value) {
        text += std::string(key) + "=" + std::string(value);
        return true;
      };
    };
    ASSERT_TRUE(store->scan("J", "K", into(seen)));
    ASSERT_TRUE(oracle.scan("J", "K", into(expected)));
    ASSERT_EQ(seen, expected);
    EXPECT_EQ(store->last("J", "K").value(), oracle.last("J", "K").value());
    const std::string key = record(random() % 40);
    EXPECT_EQ(store->get(key).value(), oracle.get(key).value());
  }
  for (const auto& [key, value] : below.contents())
    EXPECT_EQ(value.find("readable"), std::string::npos);
}

TEST(EncryptedStore, A_wrong_key_is_refused_with_both_ids_and_the_right_one_works) {
  MemoryStore below;
  { ASSERT_TRUE(put(*EncryptedStore::open(below, keys('a')).value(), record(1), "v")); }
  const auto refused = EncryptedStore::open(below, keys('b'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::bad_config);
  EXPECT_NE(refused.error().message.find(keys('a')->ids()[0]), std::string::npos);
  EXPECT_NE(refused.error().message.find(keys('b')->ids()[0]), std::string::npos);
  EXPECT_EQ(EncryptedStore::open(below, keys('a')).value()->get(record(1)).value(), "v");
}

TEST(EncryptedStore, A_plain_store_becomes_encrypted_while_it_is_used) {
  MemoryStore below;
  for (std::uint64_t i = 0; i < 3'000; ++i)
    ASSERT_TRUE(put(below, record(i), "readable " + std::to_string(i)));
  auto store = EncryptedStore::open(below, keys('a')).value();
  EXPECT_TRUE(store->is_rotating());
  EXPECT_EQ(store->get(record(2'999)).value(), "readable 2999");
  int commits = 0;
  while (store->is_rotating()) {
    WriteBatch batch;
    batch.erase(record(static_cast<std::uint64_t>(commits)));  // what is erased stays so
    ASSERT_TRUE(store->commit(batch));
    ASSERT_LT(++commits, 100);
  }
  for (const auto& [key, value] : below.contents())
    EXPECT_EQ(value.find("readable"), std::string::npos);
  store = EncryptedStore::open(below, keys('a')).value();
  EXPECT_FALSE(store->is_rotating());
  EXPECT_EQ(store->get(record(0)).value(), std::nullopt);
  EXPECT_EQ(store->get(record(2'999)).value(), "readable 2999");
  // From now on nothing plain is believed.
  ASSERT_TRUE(put(below, record(7), "slipped in"));
  EXPECT_NE(store->get(record(7)).value(), "slipped in");
}

TEST(EncryptedStore, The_key_is_changed_while_it_is_used_and_all_crashes_on_the_way_are_survived) {
  for (int crash_after = 0; crash_after < 12; ++crash_after) {
    MemoryStore below;
    {
      auto store = EncryptedStore::open(below, keys('a')).value();
      for (std::uint64_t i = 0; i < 2'000; ++i)
        ASSERT_TRUE(put(*store, record(i), "value " + std::to_string(i)));
      while (store->is_rotating()) store->tidy();
    }
    {
      auto store = EncryptedStore::open(below, keys('b', "a")).value();
      for (int i = 0; i < crash_after; ++i) store->tidy();
      if (store->is_rotating()) {
        EXPECT_FALSE(EncryptedStore::open(below, keys('b'))) << "the old key is still needed";
      }
    }
    auto store = EncryptedStore::open(below, keys('b', "a")).value();
    for (std::uint64_t i = 0; i < 2'000; ++i)
      ASSERT_EQ(store->get(record(i)).value(), "value " + std::to_string(i));
    for (int i = 0; i < 100 && store->is_rotating(); ++i) store->tidy();
    EXPECT_FALSE(store->is_rotating());
    auto without_old = EncryptedStore::open(below, keys('b'));
    ASSERT_TRUE(without_old) << without_old.error().message;
    EXPECT_EQ((*without_old)->get(record(1'999)).value(), "value 1999");
  }
}

TEST(EncryptedStore, A_failed_commit_changes_nothing_and_the_rotation_goes_on_later) {
  MemoryStore below;
  ASSERT_TRUE(put(below, record(1), "plain"));
  auto store = EncryptedStore::open(below, keys('a')).value();
  below.fail_next_commits(2, {ErrorKind::no_space, "full"});
  EXPECT_FALSE(put(*store, record(2), "new"));
  EXPECT_TRUE(store->is_rotating());
  EXPECT_EQ(store->get(record(1)).value(), "plain");
  EXPECT_TRUE(put(*store, record(2), "new"));
  EXPECT_FALSE(store->is_rotating());
  EXPECT_EQ(store->get(record(1)).value(), "plain");
}

TEST(EncryptedStore, Where_a_rotation_finds_no_room_what_is_asked_for_is_still_stored) {
  MemoryStore below;
  ASSERT_TRUE(put(below, record(1), "plain"));
  auto store = EncryptedStore::open(below, keys('a')).value();
  below.fail_next_commits(1, {ErrorKind::no_space, "full"});
  EXPECT_TRUE(put(*store, record(2), "new"));
  EXPECT_TRUE(store->is_rotating());
  EXPECT_EQ(store->get(record(2)).value(), "new");
  EXPECT_TRUE(Keyring::is_sealed(*below.get(record(2)).value()));
  store->tidy();
  EXPECT_FALSE(store->is_rotating());
}

}  // namespace
}  // namespace sluice
