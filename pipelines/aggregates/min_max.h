// min(x), max(x): the lowest and the highest number, as the int or double that it came as. Of equal
// values (2 and 2.0) the one that came first. Of nothing: null.
#pragma once

#include "pipelines/aggregates/aggregate.h"

namespace sluice {

// Whether a < b, exactly, for numbers of any kinds (a double cannot hold every int64).
bool is_less(const Value& a, const Value& b);

// `sign` is -1 for the lowest, 1 for the highest.
template <int sign>
struct Extreme {
  static constexpr bool is_growing = false;
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  bool add(const Sample& sample) {
    take(sample.value);
    return true;
  }
  void merge(const Extreme& later) {
    if (!later.best.is_null()) take(later.best);
  }
  Value result(Arena&) const { return best; }
  void save(std::string& out) const { encode(out, best); }
  void load(ByteReader& in);
  std::size_t heap_bytes() const { return 0; }

  void take(const Value& value) {
    if (!beats(value)) best = value;
  }
  // Whether the best stays what it is when `value` comes.
  bool beats(const Value& value) const {
    return !best.is_null() && !(sign < 0 ? is_less(value, best) : is_less(best, value));
  }

  Value best;  // null or a number
};

using Min = Extreme<-1>;
using Max = Extreme<1>;

}  // namespace sluice
