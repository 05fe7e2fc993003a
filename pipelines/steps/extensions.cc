#include "pipelines/steps/extensions.h"

#include <algorithm>
#include <array>

namespace sluice {

std::span<const Attribute> extensions_of_result(const Event& event,
                                                std::initializer_list<Attribute> changes,
                                                Arena& arena) {
  static constexpr std::array<std::string_view, 3> own = {"causationid", "splitindex",
                                                          "splitcount"};
  Attribute* const all = arena.array<Attribute>(event.extensions.size() + changes.size() + 1);
  std::size_t used = 0;
  const auto is_set = [&](std::string_view name) {
    return std::ranges::find(changes, name, &Attribute::name) != changes.end();
  };
  for (const Attribute& extension : event.extensions) {
    if (std::ranges::find(own, extension.name) == own.end() && !is_set(extension.name))
      all[used++] = extension;
  }
  for (const Attribute& change : changes) all[used++] = change;
  if (!event.id.empty() && !is_set("correlationid") &&
      find_extension(event, "correlationid") == nullptr)
    all[used++] = {"correlationid", Value::string(event.id)};
  return {all, used};
}

}  // namespace sluice
