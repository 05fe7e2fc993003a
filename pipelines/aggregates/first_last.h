// first(x), last(x): the value with the earliest and the latest event time; of equal times the one
// that came first, or last. Any value of up to 1024 bytes. Of nothing: null.
#pragma once

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/kept_value.h"

namespace sluice {

template <bool is_first>
struct Edge {
  static constexpr bool is_growing = true;
  static std::string_view refuses(const Value& value) {
    return KeptValue::fits(value) ? std::string_view{} : KeptValue::wanted;
  }

  bool add(const Sample& sample) {
    if (is_beaten_by(sample.time)) {
      kept.set(sample.value);
      time = sample.time;
    }
    return true;
  }
  void merge(const Edge& later) {
    if (!later.kept.is_empty() && is_beaten_by(later.time)) *this = later;
  }
  Value result(Arena& arena) const { return kept.value(arena); }
  void save(std::string& out) const {
    put_signed(out, time.time_since_epoch().count());
    kept.save(out);
  }
  void load(ByteReader& in) {
    time = Timestamp(Duration(in.signed_varint()));
    kept.load(in);
  }
  std::size_t heap_bytes() const { return kept.heap_bytes(); }

  bool is_beaten_by(Timestamp other) const {
    return kept.is_empty() || (is_first ? other < time : other >= time);
  }

  KeptValue kept;
  Timestamp time{};
};

using First = Edge<true>;
using Last = Edge<false>;

}  // namespace sluice
