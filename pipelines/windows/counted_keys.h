// CountedKeys: KeyedState that says what it takes as a function of what it saves: the number of a
// vector's unused places, for instance, is not the same after a restart. So a bound on it refuses
// the same events in a replay as it did before.
//
// What a key has taken is not given back when it goes, but kept for the next one: the most keys
// that there ever were at a time count, and are saved.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "pipelines/keyed_state.h"

namespace sluice {

template <typename Entry>
class CountedKeys {
 public:
  using Slot = typename KeyedState<Entry>::Slot;
  static constexpr Slot none = KeyedState<Entry>::none;

  std::size_t size() const { return keys_.size(); }
  Slot find(std::string_view key) const { return keys_.find(key); }
  std::string_view key(Slot slot) const { return keys_.key(slot); }
  const Entry& read(Slot slot) const { return keys_.read(slot); }
  Entry& edit(Slot slot) { return keys_.edit(slot); }

  // The key must not be there.
  Slot add(std::string_view key) {
    text_bytes_ += text_bytes(key);
    const Slot slot = keys_.find_or_add(key, SIZE_MAX);
    most_ = std::max(most_, keys_.size());
    return slot;
  }
  void erase(Slot slot) {
    text_bytes_ -= text_bytes(keys_.key(slot));
    keys_.erase(slot);
  }

  // How many there ever were at a time.
  std::size_t most() const { return most_; }
  // Of all keys, without what the entries hold beside themselves.
  std::size_t state_bytes() const { return table_bytes(most_) + text_bytes_; }
  // What it grows by when this key is added.
  std::size_t bytes_to_add(std::string_view key) const {
    const std::size_t most = std::max(most_, keys_.size() + 1);
    return table_bytes(most) - table_bytes(most_) + text_bytes(key);
  }

  // --- Snapshot: see KeyedState ---

  void begin_snapshot() { keys_.begin_snapshot(); }
  bool save_slice(std::size_t max_bytes, std::string& out) {
    return keys_.save_slice(max_bytes, out);
  }
  // Belongs into the first slice, and is loaded before all keys.
  void save_most(std::string& out) const { put_varint(out, most_); }
  void load_most(ByteReader& in) {
    const std::uint64_t most = in.varint();
    if (most >= none) in.fail();
    if (in.is_ok()) most_ = static_cast<std::size_t>(most);
  }
  template <typename Load>
  Result<void> load_slice(std::string_view slice, Load&& load) {
    TRY(keys_.load_slice(slice, [&](Slot slot, Entry& entry, ByteReader& in) {
      text_bytes_ += text_bytes(keys_.key(slot));
      load(slot, entry, in);
    }));
    most_ = std::max(most_, keys_.size());
    return {};
  }

  // What it really takes now, with a running snapshot.
  std::size_t memory_bytes() const { return keys_.memory_bytes(); }

 private:
  // Of as many keys as there ever were: a slot, a place in the list of free ones, and the index,
  // which doubles when it is three quarters full.
  static std::size_t table_bytes(std::size_t keys) {
    constexpr std::size_t slot_bytes = sizeof(std::string) + sizeof(Entry) + 16;
    constexpr std::size_t place_bytes = 8;
    std::size_t places = keys > 0 ? 16 : 0;
    while (keys * 4 > places * 3) places *= 2;
    return keys * (slot_bytes + 2 * sizeof(Slot)) + places * place_bytes;
  }
  // Short ones lie in the slot.
  static std::size_t text_bytes(std::string_view key) {
    const std::size_t inside = std::string().capacity();
    return key.size() <= inside ? 0 : std::max(key.size(), 2 * inside) + 1;
  }

  KeyedState<Entry> keys_;
  std::size_t most_ = 0;        // keys at a time, ever
  std::size_t text_bytes_ = 0;  // of the keys that are there
};

}  // namespace sluice
