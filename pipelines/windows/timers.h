// Timers: keys to look at once the watermark gets to a time.
//
// A key that is taken out may stay in the list of its time for a while, for to search it would take
// the longer the more keys there are; the lists are cleared of such keys before they are the
// greater part. What bytes() says follows from the keys that are really in, and so is the same
// after a restart.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace sluice {

class Timers {
 public:
  using Slot = std::uint32_t;

  bool empty() const { return timers_.empty(); }
  std::optional<Timestamp> first() const {
    return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
  }

  // A key may be in for the same time more than once.
  void add(Timestamp time, Slot slot) {
    Keys& keys = timers_[time];
    keys.slots.push_back(slot);
    ++keys.count;
    ++count_;
  }

  // Takes out one that is in. `is_in(slot)` says whether a key still is, for this time.
  template <typename IsIn>
  void remove(Timestamp time, IsIn&& is_in) {
    const auto timer = timers_.find(time);
    CHECK(timer != timers_.end());
    --count_;
    Keys& keys = timer->second;
    if (--keys.count == 0) {
      timers_.erase(timer);
    } else if (keys.slots.size() > 2 * keys.count + spare_slots) {
      std::ranges::sort(keys.slots);
      const auto repeated = std::ranges::unique(keys.slots);
      keys.slots.erase(repeated.begin(), repeated.end());
      std::erase_if(keys.slots, [&](Slot slot) { return !is_in(slot); });
      keys.slots.shrink_to_fit();
    }
  }

  // Takes out all of the first time, in no order of meaning. Some keys may not be in any more, or
  // come once more.
  std::vector<Slot> take_first() {
    const auto first = timers_.begin();
    std::vector<Slot> slots = std::move(first->second.slots);
    count_ -= first->second.count;
    timers_.erase(first);
    return slots;
  }

  // At most.
  std::size_t bytes() const { return timers_.size() * time_bytes + count_ * key_bytes; }
  // For one more key.
  static constexpr std::size_t bytes_to_add() { return time_bytes + key_bytes; }

 private:
  struct Keys {
    std::vector<Slot> slots;  // and some that are not in any more
    std::size_t count = 0;    // that are
  };

  static constexpr std::size_t spare_slots = 4;
  // Lists have twice the room that they need at most, and hold twice as many keys as are in.
  static constexpr std::size_t time_bytes =
      sizeof(std::pair<const Timestamp, Keys>) + 4 * sizeof(void*) + 2 * spare_slots * sizeof(Slot);
  static constexpr std::size_t key_bytes = 4 * sizeof(Slot);

  std::map<Timestamp, Keys> timers_;
  std::size_t count_ = 0;
};

}  // namespace sluice
