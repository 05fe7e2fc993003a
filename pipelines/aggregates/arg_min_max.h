// argmin(x, by), argmax(x, by): the x of the event whose `by` is lowest or highest; of equal ones
// the event that came first. x is any value of up to 1024 bytes, `by` a number. Of nothing: null.
//
// A sample is the list [x, by].
#pragma once

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/kept_value.h"
#include "pipelines/aggregates/min_max.h"

namespace sluice {

template <int sign>
struct ArgExtreme {
  static constexpr bool is_growing = true;
  static std::string_view refuses(const Value& pair) {
    if (!refuses_all_but_finite_numbers(pair.as_list()[1]).empty()) {
      return "a finite number to go by";
    }
    return KeptValue::fits(pair.as_list()[0]) ? std::string_view{} : KeptValue::wanted;
  }

  bool add(const Sample& sample) {
    if (by.beats(sample.value.as_list()[1])) return true;
    by.take(sample.value.as_list()[1]);
    kept.set(sample.value.as_list()[0]);
    return true;
  }
  void merge(const ArgExtreme& later) {
    if (later.kept.is_empty() || by.beats(later.by.best)) return;
    *this = later;
  }
  Value result(Arena& arena) const { return kept.value(arena); }
  void save(std::string& out) const {
    by.save(out);
    kept.save(out);
  }
  void load(ByteReader& in) {
    by.load(in);
    kept.load(in);
  }
  std::size_t heap_bytes() const { return kept.heap_bytes(); }

  Extreme<sign> by;
  KeptValue kept;
};

using ArgMin = ArgExtreme<-1>;
using ArgMax = ArgExtreme<1>;

}  // namespace sluice
