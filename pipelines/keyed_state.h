// KeyedState: what a stateful step remembers per key, with snapshots that do not stop the beat.
//
//   key (an encoded Value) --hash--> KeyIndex --> slot --> Entry
//
//   slots:     [ 0 | 1 | 2 | 3 | 4 | 5 | 6 ]
//   snapshot:    written    ^cursor    ^limit when it began; later slots are not part of it
//
// A snapshot is the state at begin_snapshot(), written slice by slice. Whoever changes or removes
// an entry between the cursor and the limit makes it be set aside first, as it was (copy on write).
//
// Slots are stable while their key lives. Nothing here is iterated on the way to an output: a step
// orders its outputs by something of its own, at last by the key's bytes. Owned by one step.
//
// Entry is movable, default constructible, and has
//   void save(std::string& out) const;       appends its state
//   std::size_t heap_bytes() const;          what it holds beside itself
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"
#include "pipelines/key_index.h"

namespace sluice {

template <typename Entry>
class KeyedState {
 public:
  using Slot = std::uint32_t;
  static constexpr Slot none = KeyIndex::none;

  std::size_t size() const { return alive_; }

  // The slot of this key, or `none`.
  Slot find(std::string_view key) const { return find(key, hash_of(key)); }

  // The slot of this key. If there was none, a new one with a default Entry, unless `max_keys` are
  // there already: then `none`.
  Slot find_or_add(std::string_view key, std::size_t max_keys) {
    const std::uint32_t hash = hash_of(key);
    const Slot present = find(key, hash);
    if (present != none || alive_ >= max_keys) return present;
    return add(key, hash);
  }

  std::string_view key(Slot slot) const { return slots_[slot].key; }
  const Entry& read(Slot slot) const { return slots_[slot].entry; }

  // All slots there ever were lie below this; some are free.
  Slot end_slot() const { return static_cast<Slot>(slots_.size()); }
  bool is_alive(Slot slot) const { return slots_[slot].is_alive; }

  // The entry, to be changed: a running snapshot keeps what it was.
  Entry& edit(Slot slot) {
    set_aside(slot);
    return slots_[slot].entry;
  }

  void erase(Slot slot) {
    set_aside(slot);
    Record& record = slots_[slot];
    index_.erase(record.hash, slot);
    key_bytes_ -= record.key_heap_bytes();
    std::string().swap(record.key);  // assigning a short text would keep the room of a long one
    record.entry = Entry{};
    record.is_alive = false;
    free_.push_back(slot);
    --alive_;
  }

  // --- Snapshot ---

  // A snapshot that was running is given up.
  void begin_snapshot() {
    ++snapshot_;
    cursor_ = 0;
    limit_ = static_cast<Slot>(slots_.size());
    aside_.clear();
    aside_bytes_ = 0;
  }

  // Appends records of up to about `max_bytes`, at least one if one is left; true when none is.
  bool save_slice(std::size_t max_bytes, std::string& out) {
    const std::size_t start = out.size();
    const auto has_room = [&] { return out.size() == start || out.size() - start < max_bytes; };
    while (!aside_.empty() && has_room()) {
      out += aside_.front();
      aside_bytes_ -= aside_heap_bytes(aside_.front());
      aside_.pop_front();
    }
    while (cursor_ < limit_ && has_room()) {
      if (is_due(cursor_)) append_record(cursor_, out);
      ++cursor_;
    }
    return aside_.empty() && cursor_ == limit_;
  }

  // Reads the records of one slice; `load(slot, entry, reader)` reads what Entry::save wrote, and
  // may call reader.fail().
  //   corrupt  the slice is not what save_slice() gave, or a key comes twice
  template <typename Load>
  Result<void> load_slice(std::string_view slice, Load&& load) {
    ByteReader in(slice);
    while (!in.at_end()) {
      const std::string_view key = in.text();
      ByteReader content(in.text());
      if (!in.is_ok() || find(key) != none) return damaged();
      const Slot slot = add(key, hash_of(key));
      load(slot, slots_[slot].entry, content);
      if (!content.is_ok() || !content.at_end()) return damaged();
    }
    if (!in.is_ok()) return damaged();
    return {};
  }

  // Of keys, slots and the snapshot; what entries hold beside themselves is theirs to count.
  std::size_t memory_bytes() const { return live_bytes() + aside_bytes_; }
  // Without what a running snapshot set aside, which is at most as much again.
  std::size_t live_bytes() const {
    return slots_.size() * sizeof(Record) + key_bytes_ + index_.memory_bytes() +
           free_.capacity() * sizeof(Slot) + scratch_.capacity();
  }
  // What adding this key takes at most, beside what its entry will hold.
  std::size_t bytes_to_add(std::string_view key) const {
    return key.size() + 1 + index_.growth_bytes() + (free_.empty() ? sizeof(Record) : 0);
  }

 private:
  struct Record {
    std::string key;
    Entry entry{};
    std::uint32_t hash = 0;
    std::uint32_t saved_in = 0;  // the snapshot that needs this record no more
    bool is_alive = false;

    std::size_t key_heap_bytes() const {
      return key.capacity() > std::string().capacity() ? key.capacity() + 1 : 0;
    }
  };

  static std::uint32_t hash_of(std::string_view key) {
    const std::uint64_t hash = std::hash<std::string_view>{}(key);
    return static_cast<std::uint32_t>(hash ^ hash >> 32);
  }

  static Error damaged() {
    return Error{ErrorKind::corrupt, "a slice of keyed state cannot be read"};
  }

  Slot find(std::string_view key, std::uint32_t hash) const {
    return index_.find(hash, [&](Slot slot) { return slots_[slot].key == key; });
  }

  Slot add(std::string_view key, std::uint32_t hash) {
    Slot slot = static_cast<Slot>(slots_.size());
    if (free_.empty()) {
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Record& record = slots_[slot];
    record.key = key;
    record.hash = hash;
    record.saved_in = snapshot_;  // it is younger than the snapshot
    record.is_alive = true;
    key_bytes_ += record.key_heap_bytes();
    index_.insert(hash, slot);
    ++alive_;
    return slot;
  }

  bool is_due(Slot slot) const {
    const Record& record = slots_[slot];
    return record.is_alive && record.saved_in != snapshot_;
  }

  void set_aside(Slot slot) {
    if (slot < cursor_ || slot >= limit_ || !is_due(slot)) return;
    std::string record;
    append_record(slot, record);
    record.shrink_to_fit();
    aside_bytes_ += aside_heap_bytes(record);
    aside_.push_back(std::move(record));
    slots_[slot].saved_in = snapshot_;
  }

  void append_record(Slot slot, std::string& out) {
    scratch_.clear();
    slots_[slot].entry.save(scratch_);
    put_text(out, slots_[slot].key);
    put_text(out, scratch_);
  }

  static std::size_t aside_heap_bytes(const std::string& record) {
    return sizeof(std::string) + record.capacity() + 1;
  }

  std::deque<Record> slots_;  // a deque: a record never moves
  std::vector<Slot> free_;
  KeyIndex index_;
  std::size_t alive_ = 0;
  std::size_t key_bytes_ = 0;  // on the heap

  // The running or last snapshot; none is running when cursor_ == limit_ and aside_ is empty.
  std::uint32_t snapshot_ = 0;
  Slot cursor_ = 0;
  Slot limit_ = 0;
  std::deque<std::string> aside_;  // records as they were when the snapshot began, not written yet
  std::size_t aside_bytes_ = 0;    // of aside_
  std::string scratch_;
};

}  // namespace sluice
