// BucketCounts: how many values fell into each of a number of buckets; which one a value falls into
// is the aggregate's to know. The state of histogram(x, 10, 20).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/aggregates/aggregate.h"

namespace sluice {

class BucketCounts {
 public:
  static constexpr bool is_growing = true;  // so that heap_bytes() is asked
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  explicit BucketCounts(std::size_t buckets = 1) : counts_(buckets) {}

  void count_in(std::size_t bucket) { ++counts_[bucket]; }
  bool add(const Sample&) {
    count_in(0);
    return true;
  }
  void merge(const BucketCounts& later) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += later.counts_[i];
  }
  // A list of ints.
  Value result(Arena& arena) const {
    Value* const items = arena.array<Value>(counts_.size());
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      items[i] = Value::integer(static_cast<std::int64_t>(counts_[i]));
    }
    return Value::list({items, counts_.size()});
  }
  void save(std::string& out) const {
    for (const std::uint64_t count : counts_) put_varint(out, count);
  }
  void load(ByteReader& in) {
    for (std::uint64_t& count : counts_) count = in.varint();
  }
  std::size_t heap_bytes() const { return counts_.size() * sizeof(std::uint64_t); }

 private:
  std::vector<std::uint64_t> counts_;
};

}  // namespace sluice
