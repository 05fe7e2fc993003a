// KeyAges: in which order the keys of a step were used, and when, so that those which were not used
// for long can go.
//
//   oldest()                                      used last
//     [ key ] <--> [ key ] <--> [ key ] <--> [ key ]
//                                  '---- used in this block: they get its time when it ends
//
// The order is that of the calls of use(), so it is the same in a replay. What is saved is the
// KeyUse in each key's entry. Owned by one step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "pipelines/steps/bounded_keys.h"

namespace sluice {

// The last use of a key.
struct KeyUse {
  std::uint64_t number = 0;
  EngineTime at{};  // of its block, once that has ended

  void save(std::string& out) const {
    put_varint(out, number);
    put_signed(out, static_cast<std::int64_t>(at));
  }
  void load(ByteReader& in) {
    number = in.varint();
    at = EngineTime{in.signed_varint()};
  }
};

class KeyAges {
 public:
  using Slot = std::uint32_t;
  static constexpr Slot none = UINT32_MAX;

  // Of each key there ever was at a time, at most.
  static constexpr std::size_t bytes_of_key = 24;  // twice a Link

  Slot oldest() const { return oldest_; }

  // A key is new, or was used again: it is the last one now. Gives its `use`, without the time.
  KeyUse use(Slot slot) {
    if (slot >= links_.size()) links_.resize(std::size_t{slot} + 1);
    if (links_[slot].is_there) unlink(slot);
    link(slot);
    return {++uses_, EngineTime{}};
  }
  // A key goes.
  void erase(Slot slot) { unlink(slot); }

  // The block ends: `stamp(slot)` for each key that was used in it, while `use_of(slot)` gives its
  // KeyUse.
  template <typename UseOf, typename Stamp>
  void end_block(UseOf&& use_of, Stamp&& stamp) {
    for (Slot slot = newest_; slot != none && use_of(slot).number > uses_before_block_;
         slot = links_[slot].older) {
      stamp(slot);
    }
    uses_before_block_ = uses_;
  }

  // After a slice was loaded, in whatever order: its keys find their places.
  template <typename UseOf>
  void restore(std::vector<Slot> loaded, UseOf&& use_of) {
    const auto number_of = [&](Slot slot) { return use_of(slot).number; };
    std::vector<Slot> all;
    for (Slot slot = oldest_; slot != none; slot = links_[slot].newer) all.push_back(slot);
    const auto middle = static_cast<std::ptrdiff_t>(all.size());
    std::ranges::sort(loaded, {}, number_of);
    all.insert(all.end(), loaded.begin(), loaded.end());
    std::ranges::inplace_merge(all, all.begin() + middle, {}, number_of);
    oldest_ = newest_ = none;
    for (const Slot slot : all) {
      if (slot >= links_.size()) links_.resize(std::size_t{slot} + 1);
      link(slot);
    }
    if (newest_ != none) uses_ = uses_before_block_ = number_of(newest_);
  }

  // Lets the keys go, `leave(slot)`, that were used longest ago, until `why_refused()` is empty:
  // there is room then. Gives why not, when none may go; `slot` is kept.
  template <typename WhyRefused, typename Leave>
  std::string_view make_room(WhenFull when_full, Slot slot, WhyRefused&& why_refused,
                             Leave&& leave) {
    std::string_view refused = why_refused();
    while (!refused.empty()) {
      const bool may_go = when_full == WhenFull::evict && oldest_ != none && oldest_ != slot;
      if (!may_go) return refused;
      leave(oldest_);
      refused = why_refused();
    }
    return {};
  }

  std::size_t memory_bytes() const { return links_.capacity() * sizeof(Link); }

 private:
  struct Link {
    Slot older = none;
    Slot newer = none;
    bool is_there = false;
  };

  void link(Slot slot) {
    links_[slot] = {newest_, none, true};
    (newest_ == none ? oldest_ : links_[newest_].newer) = slot;
    newest_ = slot;
  }
  void unlink(Slot slot) {
    const Link link = links_[slot];
    (link.older == none ? oldest_ : links_[link.older].newer) = link.newer;
    (link.newer == none ? newest_ : links_[link.newer].older) = link.older;
    links_[slot].is_there = false;
  }

  std::vector<Link> links_;  // by slot
  Slot oldest_ = none;
  Slot newest_ = none;
  std::uint64_t uses_ = 0;
  std::uint64_t uses_before_block_ = 0;
};

}  // namespace sluice
