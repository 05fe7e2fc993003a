// Whether a value is what a compiled schema says.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/clock.h"
#include "pipelines/expression/compare.h"
#include "pipelines/schema/canonical_list.h"
#include "pipelines/schema/compiled_schema.h"
#include "pipelines/schema/json_schema.h"
#include "pipelines/schema/schema_numbers.h"

namespace sluice {
namespace {

std::string shown(const Value& value) {
  std::string text = to_json(value);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

// What this is in JSON. A whole double is an integer too.
std::uint8_t types_of(const Value& value) {
  switch (value.kind()) {
    case Kind::null:
      return schema_null;
    case Kind::boolean:
      return schema_boolean;
    case Kind::integer:
    case Kind::uinteger:
      return schema_integer | schema_number;
    case Kind::number: {
      const bool is_whole = std::floor(value.as_double()) == value.as_double();
      return is_whole ? schema_integer | schema_number : schema_number;
    }
    case Kind::list:
      return schema_array;
    case Kind::map:
      return schema_object;
    default:
      return schema_string;  // as JSON writes bytes, times and durations
  }
}

std::string names_of(std::uint8_t types) {
  static constexpr const char* names[] = {"null",   "boolean", "integer", "number",
                                          "string", "array",   "object"};
  std::string text;
  for (unsigned bit = 0; bit < 7; ++bit) {
    if ((types >> bit & 1) != 0) text += (text.empty() ? "" : " or ") + std::string(names[bit]);
  }
  return text;
}

class Check {
 public:
  explicit Check(const CompiledSchema& schema) : schema_(schema) {}

  bool check(const Value& value) { return is_valid(schema_.root, value); }
  std::string reason() && { return std::move(reason_); }

 private:
  // Where the value that is looked at lies: a list from the innermost outwards.
  struct Place {
    const Place* above = nullptr;
    const Value* key = nullptr;  // none: an item of a list
    std::size_t index = 0;
  };

  // As JSON writes it.
  static std::string name_of(const Value& key) {
    return key.kind() == Kind::string ? std::string(key.as_text()) : to_json(key);
  }

  std::string path() const {
    std::vector<const Place*> places;
    for (const Place* place = place_; place != nullptr; place = place->above)
      places.push_back(place);
    std::string text = "data";
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      const Value* const key = (*place)->key;
      text += key == nullptr ? "[" + std::to_string((*place)->index) + "]" : "." + name_of(*key);
    }
    return text.substr(0, 200);
  }

  // False, and the reason unless one of several ways is tried. `what` makes the text.
  template <typename What>
  bool fault(What&& what) {
    if (trials_ == 0 && reason_.empty()) reason_ = path() + ": " + what();
    return false;
  }

  // Whether a value satisfies a schema, when it may also be otherwise.
  bool satisfies(SchemaIndex index, const Value& value) {
    ++trials_;
    const bool is_so = is_valid(index, value);
    --trials_;
    return is_so;
  }

  // The same for a part of the value that is looked at.
  bool is_part_valid(SchemaIndex index, const Value& part, Place place) {
    place.above = place_;
    place_ = &place;
    const bool is_so = is_valid(index, part);
    place_ = place.above;
    return is_so;
  }

  // Counts steps; false when there were too many, after which nothing is valid.
  bool spend(std::size_t steps) {
    steps_ += steps;
    return steps_ <= JsonSchema::max_steps || give_up("");
  }

  bool give_up(const char* guess) {
    steps_ = JsonSchema::max_steps + 1;
    if (reason_.empty()) reason_ = path() + ": checking it takes too many steps" + guess;
    return false;
  }

  bool is_valid(SchemaIndex index, const Value& value) {
    constexpr std::size_t max_depth = 300;  // of schemas that look at each other
    if (!spend(1)) return false;
    if (depth_ >= max_depth) return give_up("; is the schema circular?");
    ++depth_;
    const bool is_so = is_node_valid(schema_.nodes[index], value);
    --depth_;
    return is_so && steps_ <= JsonSchema::max_steps;
  }

  bool is_node_valid(const SchemaNode& node, const Value& value) {
    if (is_no_json_number(value)) return is_node_valid(node, Value::null());
    const std::uint8_t types = types_of(value);
    if (node.allows_nothing) return fault([&] { return "may not be there"; });
    if (node.types != 0 && (node.types & types) == 0) {
      return fault([&] { return shown(value) + " is not of type " + names_of(node.types); });
    }
    if (node.has_choices && !is_choice(node, value)) {
      return fault(
          [&] { return shown(value) + " is not one of " + shown(Value::list(node.choices)); });
    }
    if ((types & schema_number) != 0 && !is_number_valid(node, value)) return false;
    if ((types & schema_string) != 0 && !is_text_valid(node, value)) return false;
    if ((types & schema_array) != 0 && !is_list_valid(node, value.as_list())) return false;
    if ((types & schema_object) != 0 && !is_object_valid(node, value)) return false;
    return are_others_valid(node, value);
  }

  // Appends bytes that are the same for values that are equal as JSON, and for no others: 1 is 1.0,
  // and members have no order. False when there were too many steps.
  bool append_canonical(std::string& out, const Value& value) {
    if (!spend(1)) return false;
    if (value.kind() == Kind::map) return append_members(out, value.as_map());
    const std::size_t start = out.size();
    if (value.kind() != Kind::list) {
      encode(out, whole_if_possible(value));
      return spend((out.size() - start) / bytes_per_step);
    }
    out.push_back(static_cast<char>(Kind::list));
    put_varint(out, value.as_list().size());
    return std::ranges::all_of(value.as_list(),
                               [&](const Value& item) { return append_canonical(out, item); });
  }

  bool append_members(std::string& out, std::span<const MapEntry> entries) {
    CanonicalList members;
    for (const MapEntry& entry : entries) {
      encode(members.bytes(), entry.key);
      if (!append_canonical(members.bytes(), entry.value)) return false;
      members.end_item();
    }
    if (!spend(members.bytes().size() / bytes_per_step)) return false;
    out.push_back(static_cast<char>(Kind::map));
    put_varint(out, entries.size());
    for (const CanonicalList::Item& member : members.sorted()) out += member.bytes;
    return true;
  }

  bool has_same_canonical(const Value& a, const Value& b) {
    std::string left;
    std::string right;
    return append_canonical(left, a) && append_canonical(right, b) && left == right;
  }

  bool is_equal(const Value& a, const Value& b) {
    if (!spend(1)) return false;
    if (a.is_numeric() && b.is_numeric())
      return is_same(whole_if_possible(a), whole_if_possible(b));
    if (a.kind() != b.kind()) return false;
    if (a.kind() == Kind::list)
      return a.as_list().size() == b.as_list().size() && has_same_canonical(a, b);
    if (a.kind() == Kind::map)
      return a.as_map().size() == b.as_map().size() && has_same_canonical(a, b);
    return is_same(a, b);
  }

  bool are_unique(std::span<const Value> items) {
    CanonicalList all;
    for (const Value& item : items) {
      if (!append_canonical(all.bytes(), item)) return false;
      all.end_item();
    }
    const auto sorted = all.sorted();
    const auto twice = std::ranges::adjacent_find(sorted, {}, &CanonicalList::Item::bytes);
    return twice == sorted.end() ||
           fault([&] { return shown(items[twice->index]) + " is in the list twice"; });
  }

  bool is_choice(const SchemaNode& node, const Value& value) {
    return std::ranges::any_of(node.choices,
                               [&](const Value& choice) { return is_equal(choice, value); });
  }

  bool is_number_valid(const SchemaNode& node, const Value& value) {
    const auto differs = [&](const std::optional<Value>& bound, auto is_wrong, const char* how) {
      if (!bound || !is_wrong(cel::compare_numbers(value, *bound))) return true;
      return fault([&] { return shown(value) + " is " + how + " " + shown(*bound); });
    };
    if (!differs(
            node.minimum, [](auto order) { return std::is_lt(order); }, "less than") ||
        !differs(
            node.maximum, [](auto order) { return std::is_gt(order); }, "more than") ||
        !differs(
            node.exclusive_minimum, [](auto order) { return std::is_lteq(order); },
            "not more than") ||
        !differs(
            node.exclusive_maximum, [](auto order) { return std::is_gteq(order); },
            "not less than"))
      return false;
    if (!node.multiple_of || is_multiple(value, *node.multiple_of)) return true;
    return fault(
        [&] { return shown(value) + " is not a multiple of " + shown(*node.multiple_of); });
  }

  bool is_size_valid(const SizeBounds& bounds, std::uint64_t size, const char* of) {
    if (size >= bounds.least && size <= bounds.most) return true;
    return fault([&] {
      return "has " + std::to_string(size) + " " + of + ", " +
             (size < bounds.least ? "less than " + std::to_string(bounds.least)
                                  : "more than " + std::to_string(bounds.most));
    });
  }

  bool is_text_valid(const SchemaNode& node, const Value& value) {
    if (node.length.allows_all() && !node.pattern && !node.is_date_time) return true;
    std::string written;  // what is no text in memory, but is one in JSON
    std::string_view text;
    if (value.kind() == Kind::string) {
      text = value.as_text();
    } else {
      written = to_json(value);
      text = std::string_view(written).substr(1, written.size() - 2);
    }
    if (!node.length.allows_all()) {
      const auto characters = static_cast<std::uint64_t>(
          std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
      if (!is_size_valid(node.length, characters, "characters")) return false;
    }
    if (node.pattern && !node.pattern->matches(text)) {
      return fault([&] {
        return shown(value) + " does not match " + shown(Value::string(node.pattern_text));
      });
    }
    if (node.is_date_time && !parse_timestamp(text)) {
      return fault([&] { return shown(value) + " is no date-time such as 2026-01-31T08:00:00Z"; });
    }
    return true;
  }

  bool is_list_valid(const SchemaNode& node, std::span<const Value> items) {
    if (!is_size_valid(node.items_count, items.size(), "items")) return false;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::optional<SchemaIndex> schema =
          i < node.first_items.size() ? node.first_items[i] : node.other_items;
      if (schema && !is_part_valid(*schema, items[i], {nullptr, nullptr, i})) return false;
    }
    if (node.contains) {
      const auto found = static_cast<std::uint64_t>(std::ranges::count_if(
          items, [&](const Value& item) { return satisfies(*node.contains, item); }));
      if (!is_size_valid(node.contains_count, found, "items of the wanted form")) return false;
    }
    return !node.has_unique_items || are_unique(items);
  }

  // Checks a member by the properties and patterns that its name matches. `is_known`: one did.
  bool is_property_valid(const SchemaNode& node, const MapEntry& entry, bool& is_known) {
    const std::string_view name = entry.key.as_text();
    const Place place{nullptr, &entry.key};
    const auto property = std::ranges::lower_bound(
        node.properties, name, {}, &std::pair<std::string_view, SchemaIndex>::first);
    if (property != node.properties.end() && property->first == name) {
      is_known = true;
      if (!is_part_valid(property->second, entry.value, place)) return false;
    }
    for (const auto& [pattern, schema] : node.pattern_properties) {
      if (!pattern.matches(name)) continue;
      is_known = true;
      if (!is_part_valid(schema, entry.value, place)) return false;
    }
    return true;
  }

  bool is_member_valid(const SchemaNode& node, const MapEntry& entry) {
    const bool has_name = entry.key.kind() == Kind::string;  // other keys match no property
    const Place place{nullptr, &entry.key};
    bool is_known = false;
    if (has_name && !is_property_valid(node, entry, is_known)) return false;
    if (!is_known && node.other_properties &&
        !is_part_valid(*node.other_properties, entry.value, place))
      return false;
    if (!node.property_names) return true;
    if (has_name) return is_part_valid(*node.property_names, entry.key, place);
    const std::string written = to_json(entry.key);
    return is_part_valid(*node.property_names, Value::string(written), place);
  }

  bool is_object_valid(const SchemaNode& node, const Value& object) {
    if (!is_size_valid(node.members_count, object.as_map().size(), "fields")) return false;
    const auto needs = [&](std::string_view name) {
      return object.find(name) != nullptr ||
             fault([&] { return "has no field '" + std::string(name) + "'"; });
    };
    if (!std::ranges::all_of(node.required, needs)) return false;
    for (const auto& [name, others] : node.dependent_required) {
      if (object.find(name) != nullptr && !std::ranges::all_of(others, needs)) return false;
    }
    for (const MapEntry& entry : object.as_map()) {
      if (!is_member_valid(node, entry)) return false;
    }
    return std::ranges::all_of(node.dependent_schemas, [&](const auto& dependent) {
      return object.find(dependent.first) == nullptr || is_valid(dependent.second, object);
    });
  }

  bool are_others_valid(const SchemaNode& node, const Value& value) {
    if (node.reference && !is_valid(*node.reference, value)) return false;
    const auto holds = [&](SchemaIndex schema) { return satisfies(schema, value); };
    if (!std::ranges::all_of(node.all_of,
                             [&](SchemaIndex schema) { return is_valid(schema, value); }))
      return false;
    if (!node.any_of.empty() && std::ranges::none_of(node.any_of, holds))
      return fault([&] { return shown(value) + " is none of the allowed forms (anyOf)"; });
    if (!node.one_of.empty()) {
      const auto ways = std::ranges::count_if(node.one_of, holds);
      if (ways != 1) {
        return fault([&] {
          return shown(value) + " is " + std::to_string(ways) +
                 " of the allowed forms, not one "
                 "(oneOf)";
        });
      }
    }
    if (node.none_of && holds(*node.none_of))
      return fault([&] { return shown(value) + " is what it must not be (not)"; });
    if (!node.condition) return true;
    const auto& then = holds(*node.condition) ? node.then_schema : node.else_schema;
    return !then || is_valid(*then, value);
  }

  static constexpr std::size_t bytes_per_step = 1024;  // of those that are compared

  const CompiledSchema& schema_;
  const Place* place_ = nullptr;
  std::string reason_;
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
  std::size_t trials_ = 0;  // in whose course a fault is not one yet
};

}  // namespace

JsonSchema::JsonSchema(std::unique_ptr<const CompiledSchema> compiled)
    : compiled_(std::move(compiled)) {}
JsonSchema::JsonSchema(JsonSchema&&) noexcept = default;
JsonSchema& JsonSchema::operator=(JsonSchema&&) noexcept = default;
JsonSchema::~JsonSchema() = default;

std::optional<std::string> JsonSchema::check(const Value& value) const {
  Check check(*compiled_);
  if (check.check(value)) return std::nullopt;
  return std::move(check).reason();
}

std::size_t JsonSchema::memory_bytes() const {
  return sizeof(*this) + compiled_->arena.held_bytes() +
         compiled_->nodes.capacity() * sizeof(SchemaNode);
}

}  // namespace sluice
