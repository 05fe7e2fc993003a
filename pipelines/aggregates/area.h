// integral(x): the area under the values over event time, from the earliest to the latest, with a
// straight line between two of them: in units of x times seconds. Of fewer than two values: null.
//
// time_weighted_avg(x): the mean over that time when each value holds until the next one; when all
// have one time, the last of them. Of nothing: null.
//
// Both are doubles. Values are taken in the order of event time: see time_order.h.
#pragma once

#include "pipelines/aggregates/exact_sum.h"
#include "pipelines/aggregates/time_order.h"

namespace sluice {

enum class Between : std::uint8_t { straight_line, value_holds };

template <Between between>
struct Area {
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  void add(const TimeSpan& span, const Sample& next) {
    if (span.count > 0) step(span.last, next);
  }
  void append(const TimeSpan& span, const Area& later, const TimeSpan& span_there) {
    step(span.last, span_there.first);
    sum.merge(later.sum);
  }
  Value result(const TimeSpan& span) const {
    if (between == Between::straight_line) {
      return span.count < 2 ? Value::null() : finite_or_null(sum.total());
    }
    const double seconds = seconds_between(span.first.time, span.last.time);
    return finite_or_null(seconds > 0.0 ? sum.total() / seconds : span.last.value.to_double());
  }
  void save(std::string& out) const { sum.save(out); }
  void load(ByteReader& in) { sum.load(in); }

  void step(const Sample& from, const Sample& to) {
    const double start = from.value.to_double();
    const double height =
        between == Between::straight_line
            ? start * 0.5 + to.value.to_double() * 0.5  // halved first: no overflow
            : start;
    sum.add(Value::number(height * seconds_between(from.time, to.time)));
  }

  ExactSum sum;
};

using Integral = InTimeOrder<Area<Between::straight_line>>;
using TimeWeightedAvg = InTimeOrder<Area<Between::value_holds>>;

}  // namespace sluice
