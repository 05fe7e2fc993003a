// QuantileSketch: how numbers are distributed, with a bounded relative error, in at most 2 KiB with
// all that belongs to it.
//
//   64 buckets to each power of two, over the number's own bits:
//
//        |.|.|.|.|.|.|.|.|.|.|.|.|. . .|.|.|.|.|. . .
//        1                             2             4      a bucket: its number, its count
//
// A bucket is [low, low * (1 + 1/64)) or narrower and stands for the number in it that is off by
// the same factor at both ends: at most 0.78 %. There are at most 248 buckets. When one more is
// needed, all pairs of neighbours become one and the error doubles (1.6 %, 3.1 %, ...): 248 buckets
// hold all numbers from 1 to 15 within 0.78 %, to 224 within 1.6 %, to 49,152 within 3.1 %. Numbers
// between take no memory when none comes: it is the buckets in use that count. Numbers nearer to
// zero than 2.3e-308 count as zero.
//
// The buckets are a function of the set of numbers alone: a merge gives the same bytes as one state
// that all numbers came to. A bucket is found with a shift and a search, without a logarithm, and
// so is the same on all machines.
//
// Sources: Masson, Rim, Lee, "DDSketch" (2019), for relative error by buckets, here with linear
// steps within a power of two; Epicoco, Melle, Cafaro, Pulimeno, "UDDSketch" (2020), for joining
// all pairs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "pipelines/aggregates/aggregate.h"

namespace sluice {

class QuantileSketch {
 public:
  static constexpr bool is_growing = true;
  static constexpr std::size_t max_buckets = 248;
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  bool add(const Sample& sample);
  void merge(const QuantileSketch& later);
  // The buckets in use from the lowest to the highest, as lists [from, to, count]: numbers between
  // `from` and `to`. Of nothing: an empty list.
  Value result(Arena& arena) const;
  void save(std::string& out) const;
  void load(ByteReader& in);
  std::size_t heap_bytes() const {
    // Once pairs were joined, the list keeps its room.
    const std::size_t room = joins_ > 0 ? max_buckets : list_room(buckets_.size());
    return std::min(room, max_buckets) * sizeof(Bucket);
  }

  // The number that `percent` of all (0 to 100) are not above: that of rank ceil(percent of all),
  // at least 1. Null of nothing. The lowest and the highest are exact.
  Value percentile(double percent) const;
  // How far percentile() may be off, relative to the number: 0.0078 or more.
  double relative_error() const;

 private:
  // A bucket's number above its count, so that buckets sort as they are.
  using Bucket = std::uint64_t;

  std::int32_t bucket_number(double number) const;
  void count_in(std::int32_t bucket, std::uint64_t amount);
  void make_room();
  void join_pairs();
  double low_end(std::int32_t magnitude) const;
  double middle(std::int32_t bucket) const;

  std::vector<Bucket> buckets_;  // sorted
  std::uint64_t count_ = 0;
  std::uint32_t joins_ = 0;  // how often all pairs were joined
  double lowest_ = 0.0;
  double highest_ = 0.0;
};

}  // namespace sluice
