// CompiledSchema: the flat form of a JSON Schema. Part of JsonSchema.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/value.h"
#include "pipelines/expression/regex.h"

namespace sluice {

// JSON's types, a bit each.
enum SchemaType : std::uint8_t {
  schema_null = 1,
  schema_boolean = 2,
  schema_integer = 4,  // also 2.0
  schema_number = 8,
  schema_string = 16,
  schema_array = 32,
  schema_object = 64,
};

// Index of a schema in CompiledSchema::nodes.
using SchemaIndex = std::uint32_t;

struct SizeBounds {
  std::uint64_t least = 0;
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

  bool allows_all() const {
    return least == 0 && most == std::numeric_limits<std::uint64_t>::max();
  }
};

// One schema; what a keyword did not say is left at its default, which allows all.
struct SchemaNode {
  bool allows_nothing = false;  // the schema `false`
  std::uint8_t types = 0;       // 0: any
  std::optional<SchemaIndex> reference;

  bool has_choices = false;  // enum or const
  std::vector<Value> choices;

  std::optional<Value> minimum, maximum, exclusive_minimum, exclusive_maximum;
  std::optional<Value> multiple_of;  // more than 0

  SizeBounds length;  // of a text, in code points
  std::optional<cel::Regex> pattern;
  std::string_view pattern_text;
  bool is_date_time = false;

  SizeBounds items_count;
  bool has_unique_items = false;
  std::vector<SchemaIndex> first_items;
  std::optional<SchemaIndex> other_items;
  std::optional<SchemaIndex> contains;
  SizeBounds contains_count{1, std::numeric_limits<std::uint64_t>::max()};

  SizeBounds members_count;
  std::vector<std::string_view> required;
  std::vector<std::pair<std::string_view, SchemaIndex>> properties;  // sorted by name
  std::vector<std::pair<cel::Regex, SchemaIndex>> pattern_properties;
  std::optional<SchemaIndex> other_properties;
  std::optional<SchemaIndex> property_names;
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> dependent_required;
  std::vector<std::pair<std::string_view, SchemaIndex>> dependent_schemas;

  std::vector<SchemaIndex> all_of, any_of, one_of;
  std::optional<SchemaIndex> none_of;  // not
  std::optional<SchemaIndex> condition, then_schema, else_schema;
};

struct CompiledSchema {
  Arena arena;  // holds the texts and values that nodes refer to
  std::vector<SchemaNode> nodes;
  SchemaIndex root = 0;
};

}  // namespace sluice
