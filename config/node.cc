#include "config/node.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "config/table.h"
#include "core/value.h"

namespace sluice {
namespace {

bool is_bare_key(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

}  // namespace

const Node* Node::find(std::string_view member) const {
  if (!is_table()) return nullptr;
  for (const auto& child : children) {
    if (child->name == member) return child.get();
  }
  return nullptr;
}

std::string Node::path() const {
  std::vector<const Node*> steps;
  for (const Node* node = this; node->parent != nullptr; node = node->parent) steps.push_back(node);
  std::string out;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const Node& node = **step;
    if (!node.parent->is_table()) {
      out += "[" + std::to_string(node.index) + "]";
      continue;
    }
    if (!out.empty()) out += ".";
    if (is_bare_key(node.name)) {
      out += node.name;
    } else {
      append_json_string(out, node.name);
    }
  }
  return out;
}

std::string describe_node(const Node& node, bool may_quote) {
  switch (node.kind) {
    case Node::Kind::boolean:
      return may_quote ? node.boolean ? "true" : "false" : "a boolean";
    case Node::Kind::integer:
      return may_quote ? "the integer " + std::to_string(node.integer) : "an integer";
    case Node::Kind::number: {
      if (!may_quote) return "a number";
      std::array<char, 32> digits{};
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), node.number).ptr;
      return "the number " + std::string(digits.data(), end);
    }
    case Node::Kind::string:
      return may_quote ? "the text '" + printable(node.text, 40) + "'" : "a text";
    case Node::Kind::time:
      return may_quote ? "the date or time " + node.text : "a date or time";
    case Node::Kind::array:
      return "a list";
    case Node::Kind::table:
      return "a table";
  }
  return "a value";
}

std::vector<std::string_view> RawTable::keys() const {
  std::vector<std::string_view> all;
  if (!node_ || !node_->is_table()) return all;
  for (const auto& child : node_->children) all.push_back(child->name);
  return all;
}

}  // namespace sluice
