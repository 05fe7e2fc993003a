// collect(x), collect(x, 20): a list of the first values in the order they came, at most as many as
// the second argument says (100 if it is not there, 1000 at most), each of up to 1024 bytes. What
// comes after them is left out. Of nothing: an empty list.
#pragma once

#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/kept_value.h"

namespace sluice {

struct Collect {
  static constexpr std::uint32_t default_limit = 100;
  static constexpr std::uint32_t max_limit = 1000;
  static constexpr bool is_growing = true;

  static std::string_view refuses(const Value& value) {
    return KeptValue::fits(value) ? std::string_view{} : KeptValue::wanted;
  }

  bool add(const Sample& sample);
  void merge(const Collect& later);
  Value result(Arena& arena) const;
  void save(std::string& out) const;
  void load(ByteReader& in);
  std::size_t heap_bytes() const { return text_heap_bytes(items); }

  std::uint32_t limit = default_limit;  // constant
  std::uint32_t count = 0;
  std::string items;  // encoded values, one after the other
};

}  // namespace sluice
