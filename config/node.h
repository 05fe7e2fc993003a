// Node: one value of a TOML file, with its place. A Document owns the tree; the library that parsed
// it stays behind document.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostics.h"

namespace sluice {

struct Node {
  enum class Kind : std::uint8_t { boolean, integer, number, string, time, array, table };

  Kind kind = Kind::table;
  Span value;                    // for a table with a header: the header
  Position key;                  // where the key is written; in an array: where the value is
  std::string name;              // its key in the table around it; empty in an array
  const Node* parent = nullptr;  // nullptr: the root
  std::size_t index = 0;         // in an array: counts from 0

  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;
  std::string text;          // string: its value; time: as it is written
  std::string_view literal;  // string: as it is written, with its quotes

  std::vector<std::unique_ptr<Node>> children;  // in the order of the file

  bool is_table() const { return kind == Kind::table; }
  // The table's member, or nullptr.
  const Node* find(std::string_view member) const;
  // "pipelines.climate.steps[1].filter"; empty for the root.
  std::string path() const;
};

// "the string \"abc\"", "the integer 60", "a table": what was found, for an error message. The
// value itself is left out where `may_quote` is false.
std::string describe_node(const Node& node, bool may_quote = true);

}  // namespace sluice
