// BoundedKeys: KeyedState for steps that meet any number of keys: it holds at most so many, in at
// most so much memory, and forgets those that were not used for long.
//
//   forgotten first                                        used last
//        [ key ] <--> [ key ] <--> [ key ] <--> [ key ] <--> [ key ]
//                                               '---- used in this block: they get the block's
//                                                     time when it ends
//
// Used means use() was called. The order is that of these calls, so it is the same in a replay;
// it is saved with the entries. Owned by one step.
//
// Entry is what KeyedState asks for, and has
//   void load(ByteReader& in);
//   static constexpr std::size_t max_heap_bytes;   what heap_bytes() never exceeds
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/result.h"
#include "pipelines/keyed_state.h"

namespace sluice {

// What happens to a new key when there are max_keys, or no memory for it.
enum class WhenFull : std::uint8_t {
  evict,   // it takes the place of the key that was not used for the longest time
  refuse,  // it is not taken
};

struct KeyBounds {
  static constexpr std::size_t least_memory = std::size_t{64} << 10;
  static constexpr std::size_t most_memory = std::size_t{1} << 30;

  std::uint32_t max_keys = 100'000;                // at least 1
  std::size_t max_memory = std::size_t{16} << 20;  // in bytes; a snapshot takes as much again
  WhenFull when_full = WhenFull::evict;
  Duration forget_after{0};  // in engine time since the last use; 0: never
};

template <typename Entry>
class BoundedKeys {
 private:
  struct Kept {
    Entry entry{};
    std::uint64_t use = 0;  // number of the last use
    EngineTime used_at{};   // of its block

    void save(std::string& out) const {
      put_varint(out, use);
      put_signed(out, static_cast<std::int64_t>(used_at));
      entry.save(out);
    }
    std::size_t heap_bytes() const { return entry.heap_bytes(); }
  };
  using Keys = KeyedState<Kept>;

 public:
  using Slot = typename Keys::Slot;
  static constexpr Slot none = Keys::none;

  explicit BoundedKeys(const KeyBounds& bounds) : bounds_(bounds) {}

  std::size_t size() const { return keys_.size(); }
  std::string_view key(Slot slot) const { return keys_.key(slot); }
  const Entry& read(Slot slot) const { return keys_.read(slot).entry; }
  // For a look at all of them, in no order: slots below end_slot() that are alive.
  Slot end_slot() const { return keys_.end_slot(); }
  bool is_alive(Slot slot) const { return keys_.is_alive(slot); }

  Slot find(std::string_view key) const { return keys_.find(key); }

  // The slot of this key, which is new, after use(). `none`: it is refused. `evicted(slot)` is
  // called before a key goes for it.
  template <typename Evicted>
  Slot add(std::string_view key, Evicted&& evicted) {
    while (!has_room_for(key)) {
      if (bounds_.when_full == WhenFull::refuse || oldest_ == none) return none;
      evicted(oldest_);
      erase(oldest_);
    }
    const Slot slot = keys_.find_or_add(key, bounds_.max_keys);
    if (slot >= links_.size()) links_.resize(std::size_t{slot} + 1);
    link(slot);
    keys_.edit(slot).use = ++uses_;
    heap_bytes_ += keys_.read(slot).heap_bytes();
    return slot;
  }

  // Makes it the one that was used last.
  void use(Slot slot) {
    unlink(slot);
    link(slot);
    keys_.edit(slot).use = ++uses_;
  }

  // Changes the entry: `change(entry)`.
  template <typename Change>
  void edit(Slot slot, Change&& change) {
    Kept& kept = keys_.edit(slot);
    const std::size_t before = kept.heap_bytes();
    change(kept.entry);
    heap_bytes_ += kept.heap_bytes() - before;
  }

  // After an entry has grown: the keys that were used least go until all is within max_memory, or
  // one is left. `evicted(slot)` as in add().
  template <typename Evicted>
  void shrink(Evicted&& evicted) {
    while (live_bytes() > bounds_.max_memory && oldest_ != newest_) {
      evicted(oldest_);
      erase(oldest_);
    }
  }

  void erase(Slot slot) {
    heap_bytes_ -= keys_.read(slot).heap_bytes();
    unlink(slot);
    keys_.erase(slot);
  }

  // At the end of a block. `forgotten(slot)` is called before a key goes that was not used for
  // `forget_after`.
  template <typename Forgotten>
  void end_block(EngineTime now, Forgotten&& forgotten) {
    for (Slot slot = newest_; slot != none && keys_.read(slot).use > uses_before_block_;
         slot = links_[slot].older) {
      keys_.edit(slot).used_at = now;
    }
    uses_before_block_ = uses_;
    for (auto due = next_timer(); due && *due <= now; due = next_timer()) {
      forgotten(oldest_);
      erase(oldest_);
    }
  }

  // When the next key is forgotten.
  std::optional<EngineTime> next_timer() const {
    if (bounds_.forget_after <= Duration{0} || oldest_ == none) return std::nullopt;
    return keys_.read(oldest_).used_at + bounds_.forget_after;
  }

  // --- The order of use, from the key that was used longest ago ---

  Slot oldest() const { return oldest_; }
  Slot newer(Slot slot) const { return links_[slot].newer; }  // none: this one was used last
  // Engine time of the block in which it was used last; once that block has ended.
  EngineTime used_at(Slot slot) const { return keys_.read(slot).used_at; }

  // A mark in that order, for what happens once to a key that is not used for long. Behind it are
  // the keys that were passed and not used since:
  //
  //   oldest() [ passed ] [ passed ] [ first_waiting() ] [ ... ] [ used last ]
  Slot first_waiting() const { return waiting_; }
  // The mark moves beyond first_waiting(), which must not be none.
  void pass() { waiting_ = links_[waiting_].newer; }
  // After load_slice(): the mark is before the first key that is not passed.
  template <typename IsPassed>
  void find_waiting(IsPassed&& is_passed) {
    waiting_ = oldest_;
    while (waiting_ != none && is_passed(read(waiting_))) pass();
  }

  // --- Snapshot: see KeyedState ---

  void begin_snapshot() { keys_.begin_snapshot(); }
  bool save_slice(std::size_t max_bytes, std::string& out) {
    return keys_.save_slice(max_bytes, out);
  }
  Result<void> load_slice(std::string_view slice) {
    std::vector<Slot> slots;
    TRY(keys_.load_slice(slice, [&](Slot slot, Kept& kept, ByteReader& in) {
      kept.use = in.varint();
      kept.used_at = EngineTime{in.signed_varint()};
      kept.entry.load(in);
      heap_bytes_ += kept.heap_bytes();
      slots.push_back(slot);
    }));
    restore_order(slots);
    return {};
  }

  std::size_t memory_bytes() const {
    return keys_.memory_bytes() + links_.capacity() * sizeof(Link) + heap_bytes_;
  }
  // What memory_bytes() never exceeds: one entry may go beyond max_memory, and a snapshot sets
  // aside at most as much as there is.
  std::size_t memory_limit() const { return 2 * (bounds_.max_memory + Entry::max_heap_bytes); }

 private:
  struct Link {
    Slot older = none;
    Slot newer = none;
  };

  bool has_room_for(std::string_view key) const {
    const std::size_t links = keys_.size() < links_.capacity()
                                  ? 0
                                  : std::max<std::size_t>(1, links_.capacity()) * sizeof(Link);
    return keys_.size() < bounds_.max_keys &&
           live_bytes() + keys_.bytes_to_add(key) + links <= bounds_.max_memory;
  }
  std::size_t live_bytes() const {
    return keys_.live_bytes() + links_.capacity() * sizeof(Link) + heap_bytes_;
  }

  void link(Slot slot) {
    links_[slot] = {newest_, none};
    (newest_ == none ? oldest_ : links_[newest_].newer) = slot;
    newest_ = slot;
    if (waiting_ == none) waiting_ = slot;
  }
  void unlink(Slot slot) {
    const Link link = links_[slot];
    if (waiting_ == slot) waiting_ = link.newer;
    (link.older == none ? oldest_ : links_[link.older].newer) = link.newer;
    (link.newer == none ? newest_ : links_[link.newer].older) = link.older;
  }

  // Slices come in no order of use: those of this slice are merged into the list.
  void restore_order(std::vector<Slot>& loaded) {
    const auto use_of = [this](Slot slot) { return keys_.read(slot).use; };
    std::vector<Slot> all;
    for (Slot slot = oldest_; slot != none; slot = links_[slot].newer) all.push_back(slot);
    const auto middle = static_cast<std::ptrdiff_t>(all.size());
    std::ranges::sort(loaded, {}, use_of);
    all.insert(all.end(), loaded.begin(), loaded.end());
    std::ranges::inplace_merge(all, all.begin() + middle, {}, use_of);
    oldest_ = newest_ = waiting_ = none;
    for (const Slot slot : all) {
      if (slot >= links_.size()) links_.resize(std::size_t{slot} + 1);
      link(slot);
    }
    if (newest_ != none) uses_ = uses_before_block_ = use_of(newest_);
  }

  const KeyBounds bounds_;
  Keys keys_;
  std::vector<Link> links_;  // by slot
  Slot oldest_ = none;
  Slot newest_ = none;
  Slot waiting_ = none;
  std::uint64_t uses_ = 0;
  std::uint64_t uses_before_block_ = 0;
  std::size_t heap_bytes_ = 0;  // of all entries
};

}  // namespace sluice
