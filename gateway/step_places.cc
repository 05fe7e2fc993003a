#include "gateway/step_places.h"

#include <string_view>
#include <utility>
#include <variant>

#include "config/node.h"

namespace sluice {
namespace {

// "emit.mean" below this table.
const Node* find_below(const Node& table, std::string_view field) {
  const std::size_t dot = field.find('.');
  const Node* const member = table.find(field.substr(0, dot));
  if (member == nullptr || dot == std::string_view::npos) return member;
  return member->is_table() ? find_below(*member, field.substr(dot + 1)) : nullptr;
}

// In the step's table, or in the table of the key that says what the step is; else the step itself.
const Node& find_field(const Node& step, std::string_view field) {
  if (const Node* found = find_below(step, field)) return *found;
  for (const auto& child : step.children) {
    if (!child->is_table()) continue;
    if (const Node* found = find_below(*child, field)) return *found;
  }
  return step;
}

}  // namespace

std::unique_ptr<Step> take_step(StepOrErrors made, const StepPlaces& places, const RawTable& table,
                                Diagnostics& diagnostics) {
  if (auto* step = std::get_if<std::unique_ptr<Step>>(&made)) return std::move(*step);
  for (const StepError& error : std::get<StepErrors>(made)) {
    const auto place = places.find(error.field);
    if (place != places.end() && !place->second.path().empty()) {
      const LocatedText& text = place->second;
      diagnostics.error(text.position_of(error.offset), text.path(), error.message);
    } else {
      const Node& node = find_field(table.node(), error.field);
      const bool is_named = &node != &table.node();
      diagnostics.error(node.value.begin, node.path(),
                        is_named ? error.message : error.field + ": " + error.message);
    }
  }
  return nullptr;
}

}  // namespace sluice
