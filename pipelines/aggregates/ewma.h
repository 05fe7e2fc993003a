// ewma(x), ewma(x, 0.3): the exponentially weighted moving average, a double. The latest value has
// weight 1, the one before it 1 - alpha, then (1 - alpha)^2 and so on; alpha is the second
// argument, 0.2 if it is not there. Of nothing: null.
//
// Values are taken in the order of event time: see time_order.h.
#pragma once

#include "pipelines/aggregates/time_order.h"

namespace sluice {

struct FadingMean {
  static constexpr double default_alpha = 0.2;
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  void add(const TimeSpan&, const Sample& next) {
    sum = sum * (1.0 - alpha) + next.value.to_double();
    weight = weight * (1.0 - alpha) + 1.0;
    fade *= 1.0 - alpha;
  }
  void append(const TimeSpan&, const FadingMean& later, const TimeSpan&) {
    sum = sum * later.fade + later.sum;
    weight = weight * later.fade + later.weight;
    fade *= later.fade;
  }
  Value result(const TimeSpan&) const { return finite_or_null(sum / weight); }
  void save(std::string& out) const {
    for (const double number : {sum, weight, fade}) put_double(out, number);
  }
  void load(ByteReader& in) {
    for (double* number : {&sum, &weight, &fade}) *number = read_double(in);
  }

  double alpha = default_alpha;  // in (0, 1]; constant
  double sum = 0.0;              // of value times weight
  double weight = 0.0;           // of all values
  double fade = 1.0;  // what the values from here on take from the weight of earlier ones
};

using Ewma = InTimeOrder<FadingMean>;

}  // namespace sluice
