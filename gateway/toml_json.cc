#include "gateway/toml_json.h"

#include <algorithm>
#include <cmath>

#include "core/clock.h"
#include "core/value.h"

namespace sluice {
namespace {

void append_array(std::string& out, const Node& array, Diagnostics& diagnostics) {
  out += '[';
  for (const auto& child : array.children) {
    if (child != array.children.front()) out += ',';
    append_toml_as_json(out, *child, diagnostics);
  }
  out += ']';
}

}  // namespace

void append_toml_as_json(std::string& out, const Node& node, Diagnostics& diagnostics) {
  if (node.kind != Node::Kind::table && node.kind != Node::Kind::array)
    diagnostics.show(node.value);
  switch (node.kind) {
    case Node::Kind::boolean:
      out += node.boolean ? "true" : "false";
      return;
    case Node::Kind::integer:
      append_integer(out, node.integer);
      return;
    case Node::Kind::number:
      if (!std::isfinite(node.number))
        diagnostics.error(node, "JSON has no such number; must be finite");
      append_number(out, node.number);
      return;
    case Node::Kind::string:
      append_json_string(out, node.text);
      return;
    case Node::Kind::time: {
      const auto time = parse_timestamp(node.text);
      append_json_string(out, time ? format_timestamp(*time) : node.text);
      return;
    }
    case Node::Kind::array:
      return append_array(out, node, diagnostics);
    case Node::Kind::table:
      out += table_as_json(node, {}, diagnostics);
      return;
  }
}

std::string table_as_json(const Node& table, std::span<const std::string_view> without,
                          Diagnostics& diagnostics) {
  std::string out = "{";
  for (const auto& child : table.children) {
    if (std::ranges::find(without, child->name) != without.end()) continue;
    if (out.size() > 1) out += ',';
    append_json_string(out, child->name);
    out += ':';
    append_toml_as_json(out, *child, diagnostics);
  }
  return out + '}';
}

}  // namespace sluice
