#include "pipelines/tables/lookup_table.h"

namespace sluice {

bool LookupTable::add(std::string_view key, const Value& fields) {
  if (rows_.contains(key)) return false;
  rows_.emplace(arena_.copy(key), copy_to(arena_, fields));
  return true;
}

const Value* LookupTable::find(std::string_view key) const {
  const auto found = rows_.find(key);
  return found == rows_.end() ? nullptr : &found->second;
}

std::size_t LookupTable::memory_bytes() const {
  constexpr std::size_t node_bytes = sizeof(std::string_view) + sizeof(Value) + 3 * sizeof(void*);
  return sizeof(*this) + arena_.held_bytes() + rows_.size() * node_bytes +
         rows_.bucket_count() * sizeof(void*);
}

}  // namespace sluice
