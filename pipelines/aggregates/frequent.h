// Frequent: which values came most often, in bounded memory.
//
// 64 values are counted. When a 65th comes, one is taken from all counts and values with none left
// go: so a count is never too high, and too low by at most `missed()`, which is at most a 65th of
// all. While at most 64 different values came, all counts are exact.
//
// Sources: Misra and Gries, "Finding repeated elements" (1982); Agarwal and others, "Mergeable
// summaries" (2012), for merging with the same bound.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/value_identity.h"

namespace sluice {

class Frequent {
 public:
  static constexpr std::size_t max_counted = 64;
  static constexpr std::size_t max_value_bytes = 128;
  static std::string_view refuses(const Value& value) {
    return has_identity(value, max_value_bytes)
               ? std::string_view{}
               : "a string, number, bool, time, or list of such, of up to 128 bytes";
  }

  void add(const Value& value);
  void merge(const Frequent& later);
  void save(std::string& out) const;
  void load(ByteReader& in);
  std::size_t heap_bytes() const {
    // Once values had to go, the list keeps its room.
    const std::size_t room = missed_ > 0 ? max_counted : list_room(counted_.size());
    return room * sizeof(Counted) + text_bytes_;
  }

  struct Ranked {
    Value value;
    std::uint64_t count = 0;
  };
  // The `most` highest counts, highest first; of equal counts the lower number first, numbers
  // before all else, and other values in the order of their bytes. Lies in `arena`.
  std::span<const Ranked> ranking(std::size_t most, Arena& arena) const;

  // How much any count may be too low.
  std::uint64_t missed() const { return missed_; }

 private:
  struct Counted {
    std::string bytes;  // identity
    std::uint64_t count = 0;

    Counted(std::string_view text, std::uint64_t times) : bytes(text), count(times) {}
    Counted(Counted&&) = default;
    Counted(const Counted&) = default;
    // A text that is assigned may keep the room of the one before; this does not.
    Counted& operator=(Counted other) noexcept {
      bytes.swap(other.bytes);
      std::swap(count, other.count);
      return *this;
    }
  };

  std::vector<Counted>::iterator place_of(std::string_view bytes);
  void take_from_all(std::uint64_t amount);
  static std::size_t heap_of(const std::string& bytes) { return text_heap_bytes(bytes); }
  void insert(std::vector<Counted>::iterator place, std::string_view bytes, std::uint64_t count);

  std::vector<Counted> counted_;  // sorted by bytes
  std::uint64_t missed_ = 0;
  std::size_t text_bytes_ = 0;  // on the heap
};

}  // namespace sluice
