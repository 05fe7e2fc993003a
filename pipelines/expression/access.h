// Reaching into values: a.b, a[b], has(a.b), and the optional forms a.?b and a[?b]; and the making
// of lists and maps.
#pragma once

#include <span>
#include <string_view>

#include "core/value.h"
#include "pipelines/expression/context.h"

namespace sluice::cel {

// The value under `key`, which may be a number of another type than the one in the map; or nullptr.
const Value* find_key(const Value& map, const Value& key, Context& context);

// a[key], and a.field with a string for the key. Of an optional: an optional.
Value index(const Value& operand, const Value& key, Context& context);
Value select(const Value& operand, std::string_view field, Context& context);
// a[?key], a.?field: an optional that is none when there is no such element.
Value optional_index(const Value& operand, const Value& key, Context& context);
// has(a.field).
Value has_field(const Value& operand, std::string_view field, Context& context);

// An optional that holds `value`, or `value` itself when it is an error.
Value make_optional(const Value& value, Context& context);

// [a, ?b]: flags say which items are optionals that may be left out; empty: none are.
Value make_list(std::span<const Value> items, std::span<const bool> flags, Context& context);
// {a: b, ?c: d}: keys and values take turns.
Value make_map(std::span<const Value> parts, std::span<const bool> flags, Context& context);
// The map of these entries, or the error that is in one of them: bad key types, repeated keys.
Value checked_map(std::span<const MapEntry> entries, Context& context);

// Spends for what a value that goes into a new list or map holds: a chain of bindings could else
// double a structure at every step for the price of one.
[[nodiscard]] bool spend_depth(const Value& value, Context& context);

}  // namespace sluice::cel
