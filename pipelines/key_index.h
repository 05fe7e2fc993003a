// KeyIndex: finds the slot of a key by its hash. Open addressing with linear probing; eight bytes a
// place, at most three quarters full. The keys themselves lie with their slots: the caller
// compares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

class KeyIndex {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  // The slot with this hash for which `is_it(slot)` is true, or `none`.
  template <typename IsIt>
  std::uint32_t find(std::uint32_t hash, IsIt&& is_it) const {
    if (places_.empty()) return none;
    for (std::size_t at = home(hash);; at = next(at)) {
      const Place& place = places_[at];
      if (place.slot == none) return none;
      if (place.hash == hash && is_it(place.slot)) return place.slot;
    }
  }

  // The slot must not be there yet.
  void insert(std::uint32_t hash, std::uint32_t slot) {
    if (is_full()) grow();
    put({hash, slot});
    ++used_;
  }

  // The slot must be there.
  void erase(std::uint32_t hash, std::uint32_t slot) {
    std::size_t hole = home(hash);
    while (places_[hole].slot != slot) hole = next(hole);
    --used_;
    // Moves back what was displaced past the hole, so that no search stops short of it.
    for (std::size_t at = next(hole); places_[at].slot != none; at = next(at)) {
      const std::size_t displaced_by = (at - home(places_[at].hash)) & mask();
      if (displaced_by < ((at - hole) & mask())) continue;
      places_[hole] = places_[at];
      hole = at;
    }
    places_[hole].slot = none;
  }

  std::size_t memory_bytes() const { return places_.capacity() * sizeof(Place); }
  // What the next insert() adds to it.
  std::size_t growth_bytes() const {
    if (!is_full()) return 0;
    return (places_.empty() ? first_places : places_.size()) * sizeof(Place);
  }

 private:
  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t slot = none;
  };

  static constexpr std::size_t first_places = 16;

  bool is_full() const { return (used_ + 1) * 4 > places_.size() * 3; }
  std::size_t mask() const { return places_.size() - 1; }
  std::size_t home(std::uint32_t hash) const { return hash & mask(); }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }

  void put(Place place) {
    std::size_t at = home(place.hash);
    while (places_[at].slot != none) at = next(at);
    places_[at] = place;
  }

  void grow() {
    std::vector<Place> old(places_.empty() ? first_places : places_.size() * 2);
    old.swap(places_);
    for (const Place& place : old) {
      if (place.slot != none) put(place);
    }
  }

  std::vector<Place> places_;  // their number is zero or a power of two
  std::size_t used_ = 0;
};

}  // namespace sluice
