// var(x), stddev(x): the variance and the standard deviation of a sample (divided by n - 1), a
// double. Of fewer than two values: null.
//
// The updates are Welford's ("Note on a method for calculating corrected sums of squares and
// products", 1962), merging is that of Chan, Golub and LeVeque (1979): no large squares are
// subtracted from each other.
#pragma once

#include <bit>
#include <cmath>

#include "pipelines/aggregates/aggregate.h"

namespace sluice {

template <bool is_root>
struct Spread {
  static constexpr bool is_growing = false;
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  bool add(const Sample& sample) {
    const double number = sample.value.to_double();
    ++count;
    const double before = number - mean;
    mean += before / static_cast<double>(count);
    squares += before * (number - mean);
    return true;
  }
  void merge(const Spread& later) {
    if (later.count == 0) return;
    if (count == 0) {
      *this = later;
      return;
    }
    const auto here = static_cast<double>(count);
    const auto there = static_cast<double>(later.count);
    const double apart = later.mean - mean;
    mean += apart * (there / (here + there));
    squares += later.squares + apart * apart * (here * there / (here + there));
    count += later.count;
  }
  Value result(Arena&) const {
    if (count < 2) return Value::null();
    const double variance = squares / static_cast<double>(count - 1);
    return finite_or_null(is_root ? std::sqrt(variance) : variance);
  }
  void save(std::string& out) const {
    put_signed(out, count);
    put_fixed(out, std::bit_cast<std::uint64_t>(mean));
    put_fixed(out, std::bit_cast<std::uint64_t>(squares));
  }
  void load(ByteReader& in) {
    count = in.signed_varint();
    mean = std::bit_cast<double>(in.fixed<std::uint64_t>());
    squares = std::bit_cast<double>(in.fixed<std::uint64_t>());
  }
  std::size_t heap_bytes() const { return 0; }

  std::int64_t count = 0;
  double mean = 0.0;
  double squares = 0.0;  // sum of squared distances from the mean
};

using Var = Spread<false>;
using Stddev = Spread<true>;

}  // namespace sluice
