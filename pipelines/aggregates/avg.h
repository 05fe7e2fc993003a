// avg(x): the arithmetic mean, a double. Of nothing: null.
#pragma once

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/exact_sum.h"

namespace sluice {

struct Avg {
  static constexpr bool is_growing = false;
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  bool add(const Sample& sample) {
    sum.add(sample.value);
    ++count;
    return true;
  }
  void merge(const Avg& later) {
    sum.merge(later.sum);
    count += later.count;
  }
  Value result(Arena&) const {
    if (count == 0) return Value::null();
    return finite_or_null(sum.total() / static_cast<double>(count));
  }
  void save(std::string& out) const {
    put_signed(out, count);
    sum.save(out);
  }
  void load(ByteReader& in) {
    count = in.signed_varint();
    sum.load(in);
  }
  std::size_t heap_bytes() const { return 0; }

  ExactSum sum;
  std::int64_t count = 0;
};

}  // namespace sluice
