#include "core/event.h"

namespace sluice {

const Value* find_extension(const Event& event, std::string_view name) {
  for (const Attribute& extension : event.extensions) {
    if (extension.name == name) return &extension.value;
  }
  return nullptr;
}

}  // namespace sluice
