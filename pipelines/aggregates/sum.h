// sum(x): an int while all values are integers and their sum fits, else a double. Of nothing: null.
#pragma once

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/exact_sum.h"

namespace sluice {

struct Sum {
  static constexpr bool is_growing = false;
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  bool add(const Sample& sample) {
    sum.add(sample.value);
    is_empty = false;
    return true;
  }
  void merge(const Sum& later) {
    sum.merge(later.sum);
    is_empty = is_empty && later.is_empty;
  }
  Value result(Arena&) const {
    if (is_empty) return Value::null();
    return sum.is_whole() ? Value::integer(sum.whole()) : finite_or_null(sum.total());
  }
  void save(std::string& out) const {
    put_fixed<std::uint8_t>(out, is_empty ? 1 : 0);
    sum.save(out);
  }
  void load(ByteReader& in) {
    is_empty = in.fixed<std::uint8_t>() != 0;
    sum.load(in);
  }
  std::size_t heap_bytes() const { return 0; }

  ExactSum sum;
  bool is_empty = true;
};

}  // namespace sluice
