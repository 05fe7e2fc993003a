// slope(x), intercept(x): the straight line of least squares through the values over event time.
// slope is in units of x a second; intercept is the line's value at the earliest event's time. Both
// are doubles, and null while the values have fewer than two different times.
//
// The updates are those of stddev, for two variables: sums of products of distances from the means,
// with time counted from the first event, so that nothing large is subtracted.
#pragma once

#include <algorithm>

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/numbers.h"

namespace sluice {

template <bool is_slope>
struct Line {
  static constexpr bool is_growing = false;
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  bool add(const Sample& sample) {
    if (count == 0) origin = earliest = sample.time;
    earliest = std::min(earliest, sample.time);
    ++count;
    const auto n = static_cast<double>(count);
    const double time = seconds_between(origin, sample.time);
    const double number = sample.value.to_double();
    const double time_before = time - mean_time;
    const double number_before = number - mean_number;
    mean_time += time_before / n;
    mean_number += number_before / n;
    time_squares += time_before * (time - mean_time);
    products += time_before * (number - mean_number);
    return true;
  }
  void merge(const Line& later) {
    if (later.count == 0) return;
    if (count == 0) {
      *this = later;
      return;
    }
    const auto here = static_cast<double>(count);
    const auto there = static_cast<double>(later.count);
    const double share = there / (here + there);
    const double time_apart = later.mean_time + seconds_between(origin, later.origin) - mean_time;
    const double number_apart = later.mean_number - mean_number;
    mean_time += time_apart * share;
    mean_number += number_apart * share;
    time_squares += later.time_squares + time_apart * time_apart * (here * share);
    products += later.products + time_apart * number_apart * (here * share);
    earliest = std::min(earliest, later.earliest);
    count += later.count;
  }
  Value result(Arena&) const {
    if (!(time_squares > 0.0)) return Value::null();
    const double slope = products / time_squares;
    if (is_slope) return finite_or_null(slope);
    return finite_or_null(mean_number + slope * (seconds_between(origin, earliest) - mean_time));
  }
  void save(std::string& out) const {
    put_varint(out, count);
    if (count == 0) return;
    put_signed(out, origin.time_since_epoch().count());
    put_signed(out, earliest.time_since_epoch().count());
    for (const double sum : {mean_time, mean_number, time_squares, products}) put_double(out, sum);
  }
  void load(ByteReader& in) {
    count = in.varint();
    if (count == 0) return;
    origin = Timestamp(Duration(in.signed_varint()));
    earliest = Timestamp(Duration(in.signed_varint()));
    for (double* sum : {&mean_time, &mean_number, &time_squares, &products}) *sum = read_double(in);
  }
  std::size_t heap_bytes() const { return 0; }

  std::uint64_t count = 0;
  Timestamp origin{};    // of the first event that came: times are counted from here, in seconds
  Timestamp earliest{};  // of all events
  double mean_time = 0.0;
  double mean_number = 0.0;
  double time_squares = 0.0;  // sum of squared distances from the mean time
  double products = 0.0;      // sum of (distance from the mean time) * (from the mean number)
};

using Slope = Line<true>;
using Intercept = Line<false>;

}  // namespace sluice
