// count() counts events; count(x) counts those for which x is neither absent nor null, and, when x
// is a bool, true: count(data.temperature > 80.0).
#pragma once

#include "pipelines/aggregates/aggregate.h"

namespace sluice {

struct Count {
  static constexpr bool is_growing = false;
  static std::string_view refuses(const Value&) { return {}; }

  bool add(const Sample& sample) {
    if (sample.value.kind() != Kind::boolean || sample.value.as_bool()) ++count;
    return true;
  }
  void merge(const Count& later) { count += later.count; }
  Value result(Arena&) const { return Value::integer(count); }
  void save(std::string& out) const { put_signed(out, count); }
  void load(ByteReader& in) { count = in.signed_varint(); }
  std::size_t heap_bytes() const { return 0; }

  std::int64_t count = 0;
};

}  // namespace sluice
