#include "pipelines/keyed_state.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace sluice {
namespace {

struct Number {
  std::uint64_t number = 0;
  void save(std::string& out) const { put_varint(out, number); }
  std::size_t heap_bytes() const { return 0; }
};
using State = KeyedState<Number>;
using Model = std::map<std::string, std::uint64_t>;

void load_number(State::Slot, Number& entry, ByteReader& in) { entry.number = in.varint(); }

Model content(State& state, const std::vector<std::string>& keys) {
  Model model;
  for (const std::string& key : keys) {
    const auto slot = state.find(key);
    if (slot != State::none) model[key] = state.read(slot).number;
  }
  return model;
}

TEST(KeyedState, A_key_is_found_until_it_is_erased) {
  State state;
  const auto slot = state.find_or_add("a", 10);
  state.edit(slot).number = 7;
  EXPECT_EQ(state.find("a"), slot);
  EXPECT_EQ(state.key(slot), "a");
  EXPECT_EQ(state.find_or_add("a", 10), slot);
  state.erase(slot);
  EXPECT_EQ(state.find("a"), State::none);
  EXPECT_EQ(state.read(state.find_or_add("a", 10)).number, 0U);
}

TEST(KeyedState, No_key_is_added_beyond_the_bound_but_those_there_are_found) {
  State state;
  const auto slot = state.find_or_add("a", 1);
  EXPECT_EQ(state.find_or_add("b", 1), State::none);
  EXPECT_EQ(state.find_or_add("a", 1), slot);
  EXPECT_EQ(state.size(), 1U);
}

TEST(KeyedState, A_giant_slice_is_cut_after_at_least_one_record) {
  State state;
  for (int i = 0; i < 10; ++i) state.find_or_add("key" + std::to_string(i), 100);
  state.begin_snapshot();
  int slices = 1;
  std::string slice;
  while (!state.save_slice(1, slice)) {
    EXPECT_FALSE(slice.empty());
    slice.clear();
    ++slices;
  }
  EXPECT_EQ(slices, 10);
}

TEST(KeyedState, A_damaged_slice_is_refused) {
  State state;
  state.find_or_add("a key that is there", 100);
  state.begin_snapshot();
  std::string slice;
  ASSERT_TRUE(state.save_slice(1000, slice));
  for (std::size_t length = 1; length < slice.size(); ++length) {
    State other;
    EXPECT_FALSE(other.load_slice(std::string_view(slice).substr(0, length), load_number).is_ok());
  }
  State twice;
  ASSERT_TRUE(twice.load_slice(slice, load_number).is_ok());
  EXPECT_FALSE(twice.load_slice(slice, load_number).is_ok());
}

TEST(KeyedState, Memory_grows_with_keys_and_their_length) {
  State state;
  const std::size_t empty = state.memory_bytes();
  for (int i = 0; i < 1000; ++i) state.find_or_add(std::string(200, 'k') + std::to_string(i), 1000);
  EXPECT_GT(state.memory_bytes(), empty + 1000 * 200);
}

// Changes, erases and adds keys at random while snapshots are written: each snapshot must hold what
// was there when it began.
TEST(KeyedState, A_snapshot_is_the_state_when_it_began_whatever_happens_meanwhile) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
    std::vector<std::string> keys;
    for (int i = 0; i < 60; ++i) keys.push_back(std::string(pick(30), 'x') + std::to_string(i));
    State state;
    Model now;
    Model at_begin;
    State restored;
    bool is_running = false;
    for (unsigned step = 0; step < 3000; ++step) {
      const std::string& key = keys[pick(60)];
      if (pick(3) == 0) {
        const auto slot = state.find(key);
        EXPECT_EQ(slot != State::none, now.contains(key));
        if (slot != State::none) state.erase(slot);
        now.erase(key);
      } else if (const auto slot = state.find_or_add(key, 50); slot != State::none) {
        state.edit(slot).number = step;
        now[key] = step;
      }
      if (!is_running && pick(20) == 0) {
        state.begin_snapshot();
        at_begin = now;
        restored = State();
        is_running = true;
      }
      if (is_running && pick(4) == 0) {
        std::string slice;
        is_running = !state.save_slice(1 + pick(60), slice);
        ASSERT_TRUE(restored.load_slice(slice, load_number).is_ok());
        if (!is_running) {
          ASSERT_EQ(content(restored, keys), at_begin) << seed << " " << step;
          ASSERT_EQ(restored.size(), at_begin.size());
        }
      }
    }
    EXPECT_EQ(content(state, keys), now);
    EXPECT_EQ(state.size(), now.size());
  }
}

}  // namespace
}  // namespace sluice
