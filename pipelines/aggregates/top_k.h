// top_k(x), top_k(x, 5): the most frequent values, at most as many as the second argument says (10
// if it is not there, 50 at most), as a list of {value, count, error}: the value came from `count`
// to `count + error` times. error is 0 while at most 64 different values came. Of nothing: an empty
// list.
//
// mode(x): the most frequent value alone; beyond 64 different values certain only when it leads by
// a 65th of all. Of nothing: null, as it may be of more than 64 different values of which none
// makes up a 65th of all.
//
// Both go by frequent.h, which says what comes first of equally frequent values.
#pragma once

#include "pipelines/aggregates/frequent.h"

namespace sluice {

struct Mode {
  static constexpr bool is_growing = true;
  static std::string_view refuses(const Value& value) { return Frequent::refuses(value); }

  bool add(const Sample& sample) {
    frequent.add(sample.value);
    return true;
  }
  void merge(const Mode& later) { frequent.merge(later.frequent); }
  Value result(Arena& arena) const {
    const auto ranking = frequent.ranking(1, arena);
    return ranking.empty() ? Value::null() : ranking.front().value;
  }
  void save(std::string& out) const { frequent.save(out); }
  void load(ByteReader& in) { frequent.load(in); }
  std::size_t heap_bytes() const { return frequent.heap_bytes(); }

  Frequent frequent;
};

struct TopK : Mode {
  static constexpr std::uint32_t default_limit = 10;
  static constexpr std::uint32_t max_limit = 50;

  void merge(const TopK& later) { frequent.merge(later.frequent); }
  Value result(Arena& arena) const {
    const auto ranking = frequent.ranking(limit, arena);
    const auto as_integer = [](std::uint64_t n) {
      return Value::integer(static_cast<std::int64_t>(n));
    };
    Value* const rows = arena.array<Value>(ranking.size());
    for (std::size_t i = 0; i < ranking.size(); ++i) {
      MapEntry* const row = arena.array<MapEntry>(3);
      row[0] = {Value::string("value"), ranking[i].value};
      row[1] = {Value::string("count"), as_integer(ranking[i].count)};
      row[2] = {Value::string("error"), as_integer(frequent.missed())};
      rows[i] = Value::map({row, 3});
    }
    return Value::list({rows, ranking.size()});
  }

  std::uint32_t limit = default_limit;  // constant
};

}  // namespace sluice
