#include "config/table_reader.h"

#include <algorithm>

#include "config/nearest.h"

namespace sluice {

bool TableReader::finish() {
  if (!table_ || !table_.node().is_table()) return is_good_;
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const auto& child : table_.node().children) {
    if (std::find(known.begin(), known.end(), child->name) != known.end()) continue;
    is_good_ = false;
    diagnostics_.error(child->key, table_.path(),
                       "unknown key '" + child->name + "'" + suggestion(child->name, known));
  }
  return is_good_;
}

std::optional<std::size_t> choose_type(const RawTable& table,
                                       std::span<const std::string_view> known,
                                       Diagnostics& diagnostics) {
  if (!table) return std::nullopt;
  if (const Node* type = table.node().find("type")) return read_choice(*type, known, diagnostics);
  diagnostics.error(table.node(), "'type' is missing; must be " + choice_bounds(known));
  return std::nullopt;
}

std::optional<std::size_t> choose_type(const TypedTable& typed,
                                       std::span<const std::string_view> known,
                                       Diagnostics& diagnostics) {
  if (typed.table) {
    const Node& node = typed.table.node();
    return read_choice(node.is_table() ? *node.find("type") : node, known, diagnostics);
  }
  const auto found = std::find(known.begin(), known.end(), typed.type);
  if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
  diagnostics.error({}, "",
                    "the type '" + typed.type + "' is not known" + suggestion(typed.type, known));
  return std::nullopt;
}

std::optional<std::size_t> choose_by_key(const RawTable& table,
                                         std::span<const std::string_view> known,
                                         std::string_view what, Diagnostics& diagnostics) {
  if (!table) return std::nullopt;
  std::optional<std::size_t> chosen;
  for (const auto& child : table.node().children) {
    const auto found = std::find(known.begin(), known.end(), child->name);
    if (found == known.end()) continue;
    if (chosen) {
      diagnostics.error(child->key, table.path(),
                        "a " + std::string(what) + " is one thing: this table has '" +
                            std::string(known[*chosen]) + "' and '" + child->name + "'");
      return std::nullopt;
    }
    chosen = static_cast<std::size_t>(found - known.begin());
  }
  if (chosen) return chosen;
  for (const auto& child : table.node().children) {
    if (!nearest_name(child->name, known)) continue;  // not a misspelt kind
    diagnostics.error(child->key, table.path(),
                      "unknown key '" + child->name + "'" + suggestion(child->name, known));
    return std::nullopt;
  }
  diagnostics.error(table.node(), "must have a key that says what the " + std::string(what) +
                                      " does" + suggestion("", known));
  return std::nullopt;
}

}  // namespace sluice
