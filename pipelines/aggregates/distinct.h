// distinct(x): how many different values came, an int. Exact up to 256 (but for two values with the
// same 64-bit hash), beyond that an estimate with a standard error of 2.3 %, by HyperLogLog. Of
// nothing: 0.
//
//   up to 256 values:  the hashes, sorted      beyond:  2048 registers; of the hashes that fall
//                                                       into one, the longest run of zeros
//
// Either form is at most 2 KiB, and either is a function of the set of values alone: a merge gives
// the same bytes as one state that all values came to.
//
// Sources: Flajolet, Fusy, Gandouet, Meunier, "HyperLogLog" (2007), for the registers; Ertl, "New
// cardinality estimation algorithms for HyperLogLog sketches" (2017), for the estimate, which has
// no bias at the low end and needs no logarithm.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/value_identity.h"

namespace sluice {

struct Distinct {
  static constexpr std::size_t max_exact = 256;
  static constexpr unsigned register_bits = 11;
  static constexpr std::size_t register_count = std::size_t{1} << register_bits;
  static constexpr bool is_growing = true;

  static std::string_view refuses(const Value& value) {
    constexpr std::size_t max_bytes = 1024;
    return has_identity(value, max_bytes)
               ? std::string_view{}
               : "a string, number, bool, time, or list of such, of up to 1024 bytes";
  }

  bool add(const Sample& sample);
  void merge(const Distinct& later);
  Value result(Arena&) const { return Value::integer(estimate()); }
  void save(std::string& out) const;
  void load(ByteReader& in);
  std::size_t heap_bytes() const {
    return registers.empty() ? list_room(hashes.size()) * sizeof(std::uint64_t) : register_count;
  }

  std::int64_t estimate() const;
  void add_hash(std::uint64_t hash);

  std::vector<std::uint64_t> hashes;    // sorted, each once; empty once there are registers
  std::vector<std::uint8_t> registers;  // none, or register_count
};

}  // namespace sluice
