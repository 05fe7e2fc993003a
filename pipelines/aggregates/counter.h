// increase(x), rate(x): how far a counter has come from the earliest to the latest of its readings,
// in all and a second. A reading below the one before it means that the counter began again at
// zero. increase is an int while all readings are and it fits, else a double; rate is a double. Of
// fewer than two readings: null; rate also when all have one time.
//
// Readings are taken in the order of event time: see time_order.h.
#pragma once

#include "pipelines/aggregates/exact_sum.h"
#include "pipelines/aggregates/min_max.h"
#include "pipelines/aggregates/time_order.h"

namespace sluice {

template <bool is_per_second>
struct CounterGrowth {
  static std::string_view refuses(const Value& value) {
    if (!refuses_all_but_finite_numbers(value).empty() || value.to_double() < 0.0) {
      return "a counter's reading, a finite number that is not negative";
    }
    return {};
  }

  void add(const TimeSpan& span, const Sample& next) {
    if (span.count > 0) step(span.last, next);
  }
  void append(const TimeSpan& span, const CounterGrowth& later, const TimeSpan& span_there) {
    step(span.last, span_there.first);
    grown.merge(later.grown);
  }
  Value result(const TimeSpan& span) const {
    if (span.count < 2) return Value::null();
    if (!is_per_second) {
      return grown.is_whole() ? Value::integer(grown.whole()) : finite_or_null(grown.total());
    }
    const double seconds = seconds_between(span.first.time, span.last.time);
    return seconds > 0.0 ? finite_or_null(grown.total() / seconds) : Value::null();
  }
  void save(std::string& out) const { grown.save(out); }
  void load(ByteReader& in) { grown.load(in); }

  void step(const Sample& from, const Sample& to) {
    grown.add(is_less(to.value, from.value) ? to.value : difference(to.value, from.value));
  }

  ExactSum grown;
};

using Increase = InTimeOrder<CounterGrowth<false>>;
using Rate = InTimeOrder<CounterGrowth<true>>;

}  // namespace sluice
