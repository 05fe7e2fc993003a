#include "pipelines/expression/access.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "pipelines/expression/compare.h"
#include "pipelines/expression/numbers.h"
#include "pipelines/expression/operators.h"

namespace sluice::cel {
namespace {

constexpr bool is_key(const Value& value) {
  return value.kind() == Kind::string || value.kind() == Kind::integer ||
         value.kind() == Kind::uinteger || value.kind() == Kind::boolean;
}

// A position in a list: an int, a uint, or a double without fraction.
std::optional<std::uint64_t> list_position(const Value& key) {
  if (key.kind() == Kind::integer && key.as_int() >= 0) {
    return static_cast<std::uint64_t>(key.as_int());
  }
  if (key.kind() == Kind::uinteger) return key.as_uint();
  if (key.kind() == Kind::number && key.as_double() >= 0 && key.as_double() < 4294967296.0 &&
      std::floor(key.as_double()) == key.as_double()) {
    return static_cast<std::uint64_t>(key.as_double());
  }
  return std::nullopt;
}

Value no_such_key(const Value& key, Context& context) {
  std::string text;
  if (key.kind() == Kind::string) {
    text = key.as_text();
  } else if (key.kind() == Kind::number) {
    text = double_text(key.as_double());
  } else {
    append_json(text, key);
  }
  return context.error({"no such key: '", text, "'"});
}

// The element of a list or map; nullptr when there is none. An error in `error` says that the
// operand has no elements, or the key cannot be one.
const Value* find_element(const Value& operand, const Value& key, Context& context, Value& error) {
  if (operand.kind() == Kind::map) {
    if (!is_key(key) && key.kind() != Kind::number) {
      error = no_such_key(key, context);
      return nullptr;
    }
    return find_key(operand, key, context);
  }
  if (operand.kind() == Kind::list && key.is_numeric()) {
    const auto position = list_position(key);
    const auto items = operand.as_list();
    return position && *position < items.size() ? &items[*position] : nullptr;
  }
  if (operand.kind() == Kind::list || key.kind() != Kind::string) {
    const std::array<Value, 2> operands{operand, key};
    error = no_overload("[]", operands, context);
  } else {
    error = context.error({"a ", type_name(operand), " has no field '", key.as_text(), "'"});
  }
  return nullptr;
}

Value missing(const Value& operand, const Value& key, Context& context) {
  if (operand.kind() == Kind::map) return no_such_key(key, context);
  return context.error({"index out of range: ", to_json(key)});
}

}  // namespace

const Value* find_key(const Value& map, const Value& key, Context& context) {
  if (key.kind() == Kind::string) return map.find(key.as_text());
  if (!context.spend(map.as_map().size() / 8)) return nullptr;
  for (const MapEntry& entry : map.as_map()) {
    if (is_equal(entry.key, key, context)) return &entry.value;
  }
  return nullptr;
}

Value make_optional(const Value& value, Context& context) {
  return value.is_error() ? value : Value::some(context.arena().make<Value>(value));
}

Value index(const Value& operand, const Value& key, Context& context) {
  if (operand.is_error()) return operand;
  if (key.is_error()) return key;
  if (operand.kind() == Kind::optional) return optional_index(operand, key, context);
  Value error;
  const Value* element = find_element(operand, key, context, error);
  if (element != nullptr) return *element;
  return error.is_error() ? error : missing(operand, key, context);
}

Value select(const Value& operand, std::string_view field, Context& context) {
  if (const Value* member = operand.find(field)) return *member;
  return index(operand, Value::string(field), context);
}

Value optional_index(const Value& operand, const Value& key, Context& context) {
  if (operand.is_error()) return operand;
  if (key.is_error()) return key;
  const Value* inner = &operand;
  if (operand.kind() == Kind::optional) {
    inner = operand.as_optional();
    if (inner == nullptr) return Value::none();
  }
  Value error;
  const Value* element = find_element(*inner, key, context, error);
  if (error.is_error()) return error;
  if (element == nullptr) return Value::none();
  // The element of an optional is not wrapped twice.
  return element->kind() == Kind::optional ? *element : Value::some(element);
}

Value has_field(const Value& operand, std::string_view field, Context& context) {
  if (operand.kind() == Kind::map) return Value::boolean(operand.find(field) != nullptr);
  if (operand.is_error()) return operand;
  const Value found = optional_index(operand, Value::string(field), context);
  if (found.is_error()) return found;
  return Value::boolean(found.as_optional() != nullptr);
}

bool spend_depth(const Value& value, Context& context) {
  switch (value.kind()) {
    case Kind::list:
      return context.spend(value.as_list().size() + 1) &&
             std::ranges::all_of(value.as_list(),
                                 [&](const Value& item) { return spend_depth(item, context); });
    case Kind::map:
      return context.spend(value.as_map().size() + 1) &&
             std::ranges::all_of(value.as_map(), [&](const MapEntry& entry) {
               return spend_depth(entry.value, context);
             });
    case Kind::optional:
      return value.as_optional() == nullptr || spend_depth(*value.as_optional(), context);
    default:
      return true;
  }
}

Value make_list(std::span<const Value> items, std::span<const bool> flags, Context& context) {
  if (!context.spend(items.size())) return Context::over_budget();
  Value* kept = context.arena().array<Value>(items.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Value item = items[i];
    if (item.is_error()) return item;
    if (i < flags.size() && flags[i]) {
      if (item.kind() != Kind::optional) return no_overload("[?]", {&item, 1}, context);
      if (item.as_optional() == nullptr) continue;
      item = *item.as_optional();
    }
    if (!spend_depth(item, context)) return Context::over_budget();
    kept[count++] = item;
  }
  return Value::list({kept, count});
}

Value make_map(std::span<const Value> parts, std::span<const bool> flags, Context& context) {
  if (!context.spend(parts.size())) return Context::over_budget();
  MapEntry* kept = context.arena().array<MapEntry>(parts.size() / 2);
  std::size_t count = 0;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    const Value& key = parts[i];
    Value value = parts[i + 1];
    if (key.is_error()) return key;
    if (value.is_error()) return value;
    if (i / 2 < flags.size() && flags[i / 2]) {
      if (value.kind() != Kind::optional) return no_overload("{?:}", {&value, 1}, context);
      if (value.as_optional() == nullptr) continue;
      value = *value.as_optional();
    }
    if (!spend_depth(value, context)) return Context::over_budget();
    kept[count++] = {key, value};
  }
  return checked_map({kept, count}, context);
}

Value checked_map(std::span<const MapEntry> entries, Context& context) {
  for (const MapEntry& entry : entries) {
    if (!is_key(entry.key)) {
      return context.error({"a ", type_name(entry.key), " cannot be the key of a map"});
    }
  }
  // Each key against those before it: maps of expressions are short, and the cost is spent.
  if (!context.spend(entries.size() * entries.size() / 16)) return Context::over_budget();
  for (std::size_t i = 1; i < entries.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (is_equal(entries[i].key, entries[j].key, context)) {
        return context.error({"the key ", to_json(entries[i].key), " comes twice"});
      }
    }
  }
  return Value::map(entries);
}

}  // namespace sluice::cel
