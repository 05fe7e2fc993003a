// RawTable: a table whose options are not known yet, because a key inside says what it is.
//
//   [sources.floor]          std::map<std::string, RawTable> sources;   // then:
//   type = "mqtt"            choose_type(table, known, diagnostics)     // table_reader.h
//   url = "mqtt://..."       TableReader(table, diagnostics).read(mqtt)
//
// Lent from a Document, which outlives it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace sluice {

class RawTable {
 public:
  RawTable() = default;  // no table: has no keys and no place
  explicit RawTable(const Node& node) : node_(&node) {}

  explicit operator bool() const { return node_ != nullptr; }
  // Only when there is a table. For TypedTable it may be a string.
  const Node& node() const { return *node_; }

  std::string_view name() const { return node_ ? std::string_view(node_->name) : ""; }
  Position position() const { return node_ ? node_->value.begin : Position{}; }
  std::string path() const { return node_ ? node_->path() : std::string(); }
  bool has(std::string_view key) const { return node_ && node_->find(key) != nullptr; }
  std::vector<std::string_view> keys() const;  // in the order of the file

 private:
  const Node* node_ = nullptr;
};

// A thing of a type with options of its own, which are left out in the short form:
//
//   decode = "json"     or     decode = { type = "json", max_depth = 8 }
struct TypedTable {
  std::string type;
  RawTable table;  // read with a TableReader that accepts "type"; has no keys in the short form
};

}  // namespace sluice
