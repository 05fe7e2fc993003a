// delta(x): the latest value less the earliest, by event time; of equal times the one that came
// last, and first. An int while both are ints and it fits, else a double. Of fewer than two values:
// null.
#pragma once

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/numbers.h"

namespace sluice {

struct Delta {
  static constexpr bool is_growing = false;
  static std::string_view refuses(const Value& value) {
    return refuses_all_but_finite_numbers(value);
  }

  bool add(const Sample& sample) {
    take(sample, sample);
    ++count;
    return true;
  }
  void merge(const Delta& later) {
    if (later.count == 0) return;
    take(later.first, later.last);
    count += later.count;
  }
  Value result(Arena&) const {
    if (count < 2) return Value::null();
    const Value delta = difference(last.value, first.value);
    return delta.kind() == Kind::number ? finite_or_null(delta.as_double()) : delta;
  }
  void save(std::string& out) const {
    put_varint(out, count);
    if (count == 0) return;
    put_number_sample(out, first);
    put_number_sample(out, last);
  }
  void load(ByteReader& in) {
    count = in.varint();
    if (count == 0) return;
    first = read_number_sample(in);
    last = read_number_sample(in);
  }
  std::size_t heap_bytes() const { return 0; }

  void take(const Sample& earliest, const Sample& latest) {
    if (count == 0 || earliest.time < first.time) first = earliest;
    if (count == 0 || latest.time >= last.time) last = latest;
  }

  std::uint64_t count = 0;
  Sample first;
  Sample last;
};

}  // namespace sluice
