// LookupTable: what is known beside the events: a row of fields for each key, constant.
//
//   id,name,limit
//   p7,pump,80        find("p7") --> {"name":"pump","limit":80}
//   p8,fan,65
//
// Keys are texts. Rows are values in memory of the table's own. Any thread may read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/arena.h"
#include "core/value.h"

namespace sluice {

class LookupTable {
 public:
  static constexpr std::size_t max_rows = 100'000;

  // `name` is for messages: "devices.csv"; `column` is what its keys are: "id".
  LookupTable(std::string name, std::string column)
      : name_(std::move(name)), column_(std::move(column)) {}

  // Copies `fields`, a map. False: there is a row of this key, and nothing has changed.
  bool add(std::string_view key, const Value& fields);

  // The row's fields, or nullptr.
  const Value* find(std::string_view key) const;

  std::size_t size() const { return rows_.size(); }
  const std::string& name() const { return name_; }
  const std::string& column() const { return column_; }
  std::size_t memory_bytes() const;

 private:
  std::string name_;
  std::string column_;
  Arena arena_;                                       // keys and rows
  std::unordered_map<std::string_view, Value> rows_;  // looked into, never walked through
};

}  // namespace sluice
