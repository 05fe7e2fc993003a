// From a row's JSON to a Value, for suites that feed steps directly.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "core/arena.h"
#include "core/value.h"

namespace sluice::conformance {

// In `arena`. Lists become null: no suite has them.
inline Value to_value(const nlohmann::json& value, Arena& arena) {
  if (value.is_boolean()) return Value::boolean(value.get<bool>());
  if (value.is_number_integer()) return Value::integer(value.get<std::int64_t>());
  if (value.is_number()) return Value::number(value.get<double>());
  if (value.is_string()) return Value::string(arena.copy(value.get<std::string>()));
  if (!value.is_object()) return Value::null();
  MapEntry* entries = arena.array<MapEntry>(value.size());
  std::size_t count = 0;
  for (const auto& [name, field] : value.items()) {
    entries[count++] = {Value::string(arena.copy(name)), to_value(field, arena)};
  }
  return Value::map({entries, count});
}

}  // namespace sluice::conformance
