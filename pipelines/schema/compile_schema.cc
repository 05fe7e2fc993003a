// From a schema as it is written to its flat form.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <system_error>

#include "config/nearest.h"
#include "pipelines/schema/compiled_schema.h"
#include "pipelines/schema/json_schema.h"

namespace sluice {
namespace {

class SchemaCompiler {
 public:
  explicit SchemaCompiler(const Value& schema) : into_(std::make_unique<CompiledSchema>()) {
    root_ = copy_to(into_->arena, schema);
  }

  Result<std::unique_ptr<CompiledSchema>> compile() {
    into_->root = TRY(schema_at(root_, "#"));
    // Schemas that are referred to are compiled once; each may refer to others.
    while (!wanted_.empty()) {
      const Wanted wanted = wanted_.back();
      wanted_.pop_back();
      into_->nodes[wanted.from].reference = TRY(schema_of_pointer(wanted.pointer, wanted.where));
    }
    return std::move(into_);
  }

 private:
  struct Wanted {
    SchemaIndex from;
    std::string pointer;  // "#/definitions/reading"
    std::string where;
  };

  static Error wrong(const std::string& where, const std::string& what) {
    return {ErrorKind::bad_config, where + ": " + what};
  }

  // --- schemas in each other ---

  Result<SchemaIndex> schema_at(const Value& schema, const std::string& where) {
    if (const auto known = known_.find(where); known != known_.end()) return known->second;
    if (into_->nodes.size() >= JsonSchema::max_schemas)
      return wrong(where, "there are more than " + std::to_string(JsonSchema::max_schemas) +
                              " schemas in this one");
    const auto index = static_cast<SchemaIndex>(into_->nodes.size());
    known_.emplace(where, index);
    into_->nodes.emplace_back();
    if (schema.kind() == Kind::boolean) {
      into_->nodes[index].allows_nothing = !schema.as_bool();
      return index;
    }
    if (schema.kind() != Kind::map) return wrong(where, "a schema is an object, true or false");
    SchemaNode node;
    for (const MapEntry& entry : schema.as_map()) {
      const std::string_view name = TRY(name_of(entry, where));
      if (name == "$ref") {
        if (entry.value.kind() != Kind::string) return wrong(where + "/$ref", "must be a text");
        wanted_.push_back({index, std::string(entry.value.as_text()), where + "/$ref"});
        continue;
      }
      TRY(read_keyword(node, name, entry.value, where));
    }
    TRY(read_items(node, schema, where));
    into_->nodes[index] = std::move(node);
    return index;
  }

  // The part of a schema that one step of a pointer names, or nullptr.
  static const Value* part_of(const Value& value, const std::string& step) {
    if (value.kind() == Kind::map) return value.find(step);
    if (value.kind() != Kind::list) return nullptr;
    std::size_t index = 0;
    const char* const end = step.data() + step.size();
    const auto [rest, error] = std::from_chars(step.data(), end, index);
    const bool is_index = error == std::errc{} && rest == end && std::to_string(index) == step;
    return is_index && index < value.as_list().size() ? &value.as_list()[index] : nullptr;
  }

  // Follows "#/definitions/reading" or "#/allOf/0" from the root.
  Result<SchemaIndex> schema_of_pointer(const std::string& pointer, const std::string& where) {
    if (pointer != "#" && !pointer.starts_with("#/")) {
      return wrong(where, "'" + pointer +
                              "' is not in this file; write a pointer such as #/definitions/NAME");
    }
    const Value* value = &root_;
    std::string_view rest = std::string_view(pointer).substr(1);
    while (!rest.empty()) {
      rest.remove_prefix(1);  // '/'
      const std::size_t end = std::min(rest.find('/'), rest.size());
      value = part_of(*value, unescaped(rest.substr(0, end)));
      if (value == nullptr) return wrong(where, "there is no '" + pointer + "' in this file");
      rest.remove_prefix(end);
    }
    return schema_at(*value, pointer);
  }

  // RFC 6901: ~1 is '/', ~0 is '~'.
  static std::string unescaped(std::string_view name) {
    std::string text;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (name[i] == '~' && i + 1 < name.size() && (name[i + 1] == '0' || name[i + 1] == '1')) {
        text += name[++i] == '0' ? '~' : '/';
      } else {
        text += name[i];
      }
    }
    return text;
  }

  static std::string escaped(std::string_view name) {
    std::string text;
    for (const char c : name) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return text;
  }

  Result<std::vector<SchemaIndex>> schemas(const Value& value, const std::string& where) {
    if (value.kind() != Kind::list || value.as_list().empty())
      return wrong(where, "must be a list of schemas, at least one");
    std::vector<SchemaIndex> all;
    for (std::size_t i = 0; i < value.as_list().size(); ++i)
      all.push_back(TRY(schema_at(value.as_list()[i], where + "/" + std::to_string(i))));
    return all;
  }

  Result<std::vector<std::string_view>> names(const Value& value, const std::string& where) {
    if (value.kind() != Kind::list) return wrong(where, "must be a list of names");
    std::vector<std::string_view> all;
    for (const Value& name : value.as_list()) {
      if (name.kind() != Kind::string) return wrong(where, "must be a list of names");
      all.push_back(name.as_text());
    }
    return all;
  }

  static Result<std::string_view> name_of(const MapEntry& entry, const std::string& where) {
    if (entry.key.kind() != Kind::string) return wrong(where, "its names must be texts");
    return entry.key.as_text();
  }

  // Calls `each(name, value, where)` for the members of an object.
  template <typename Each>
  static Result<void> members(const Value& value, const std::string& where, Each&& each) {
    if (value.kind() != Kind::map) return wrong(where, "must be an object");
    for (const MapEntry& entry : value.as_map()) {
      const std::string_view name = TRY(name_of(entry, where));
      TRY(each(name, entry.value, where + "/" + escaped(name)));
    }
    return {};
  }

  // --- keywords ---

  static Result<std::uint64_t> count(const Value& value, const std::string& where) {
    const bool is_whole = value.kind() == Kind::integer && value.as_int() >= 0;
    if (!is_whole) return wrong(where, "must be a whole number, not negative");
    return static_cast<std::uint64_t>(value.as_int());
  }

  static Result<cel::Regex> regex(std::string_view text, const std::string& where) {
    cel::Regex compiled(text);
    if (!compiled.error().empty()) return wrong(where, compiled.error());
    return compiled;
  }

  static Result<void> read_type(SchemaNode& node, const Value& value, const std::string& where) {
    static constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> types{
        {{"null", schema_null},
         {"boolean", schema_boolean},
         {"integer", schema_integer},
         {"number", schema_number},
         {"string", schema_string},
         {"array", schema_array},
         {"object", schema_object}}};
    const std::span<const Value> all =
        value.kind() == Kind::list ? value.as_list() : std::span<const Value>(&value, 1);
    for (const Value& type : all) {
      const auto known = std::ranges::find_if(types, [&](const auto& known_type) {
        return type.kind() == Kind::string && known_type.first == type.as_text();
      });
      if (known == types.end())
        return wrong(where, "must be null, boolean, integer, number, string, array or object");
      node.types |= known->second;
    }
    return {};
  }

  Result<void> read_properties(SchemaNode& node, const Value& value, const std::string& where) {
    auto read = members(
        value, where,
        [&](std::string_view name, const Value& schema, const std::string& at) -> Result<void> {
          node.properties.emplace_back(name, TRY(schema_at(schema, at)));
          return {};
        });
    std::ranges::sort(node.properties, {}, &std::pair<std::string_view, SchemaIndex>::first);
    return read;
  }

  Result<void> read_pattern_properties(SchemaNode& node, const Value& value,
                                       const std::string& where) {
    return members(
        value, where,
        [&](std::string_view pattern, const Value& schema, const std::string& at) -> Result<void> {
          auto compiled = TRY(regex(pattern, at));
          node.pattern_properties.emplace_back(std::move(compiled), TRY(schema_at(schema, at)));
          return {};
        });
  }

  // dependencies, dependentRequired, dependentSchemas
  Result<void> read_dependencies(SchemaNode& node, const Value& value, const std::string& where) {
    return members(
        value, where,
        [&](std::string_view name, const Value& needs, const std::string& at) -> Result<void> {
          if (needs.kind() == Kind::list) {
            node.dependent_required.emplace_back(name, TRY(names(needs, at)));
          } else {
            node.dependent_schemas.emplace_back(name, TRY(schema_at(needs, at)));
          }
          return {};
        });
  }

  // Draft-07 writes `items` as a list and `additionalItems`; 2020-12 `prefixItems` and `items`.
  Result<void> read_items(SchemaNode& node, const Value& schema, const std::string& where) {
    const Value* items = schema.find("items");
    const Value* prefix = schema.find("prefixItems");
    const Value* additional = schema.find("additionalItems");
    if (prefix != nullptr) node.first_items = TRY(schemas(*prefix, where + "/prefixItems"));
    if (items != nullptr && items->kind() == Kind::list) {
      node.first_items = TRY(schemas(*items, where + "/items"));
      if (additional != nullptr)
        node.other_items = TRY(schema_at(*additional, where + "/additionalItems"));
    } else if (items != nullptr) {
      node.other_items = TRY(schema_at(*items, where + "/items"));
    }
    return {};
  }

  Result<void> read_number(SchemaNode& node, std::string_view name, const Value& value,
                           const std::string& where) {
    if (!value.is_numeric() || !std::isfinite(value.to_double()))
      return wrong(where, "must be a number");
    if (name == "minimum") node.minimum = value;
    if (name == "maximum") node.maximum = value;
    if (name == "exclusiveMinimum") node.exclusive_minimum = value;
    if (name == "exclusiveMaximum") node.exclusive_maximum = value;
    if (name != "multipleOf") return {};
    node.multiple_of = value;
    if (value.to_double() > 0) return {};
    return wrong(where, "must be more than 0");
  }

  Result<void> read_keyword(SchemaNode& node, std::string_view name, const Value& value,
                            const std::string& above);

  std::unique_ptr<CompiledSchema> into_;
  Value root_;
  std::map<std::string, SchemaIndex> known_;  // by pointer
  std::vector<Wanted> wanted_;                // references that are not followed yet
};

constexpr std::array<std::string_view, 18> only_described = {
    "$schema",  "$id",       "$comment",    "$defs",       "definitions",     "title",
    "examples", "default",   "readOnly",    "description", "items",           "$anchor",
    "id",       "writeOnly", "prefixItems", "deprecated",  "additionalItems", "contentMediaType"};

constexpr std::array<std::string_view, 37> keywords = {"type",
                                                       "enum",
                                                       "const",
                                                       "minimum",
                                                       "maximum",
                                                       "exclusiveMinimum",
                                                       "exclusiveMaximum",
                                                       "multipleOf",
                                                       "minLength",
                                                       "maxLength",
                                                       "pattern",
                                                       "format",
                                                       "minItems",
                                                       "maxItems",
                                                       "uniqueItems",
                                                       "contains",
                                                       "minContains",
                                                       "maxContains",
                                                       "minProperties",
                                                       "maxProperties",
                                                       "required",
                                                       "properties",
                                                       "patternProperties",
                                                       "additionalProperties",
                                                       "propertyNames",
                                                       "dependencies",
                                                       "dependentRequired",
                                                       "dependentSchemas",
                                                       "allOf",
                                                       "anyOf",
                                                       "oneOf",
                                                       "not",
                                                       "if",
                                                       "then",
                                                       "else",
                                                       "$ref",
                                                       "items"};

Result<void> SchemaCompiler::read_keyword(SchemaNode& node, std::string_view name,
                                          const Value& value, const std::string& above) {
  const std::string where = above + "/" + escaped(name);
  const auto text = [&]() -> Result<std::string_view> {
    if (value.kind() != Kind::string) return wrong(where, "must be a text");
    return value.as_text();
  };
  const auto one = [&](std::optional<SchemaIndex>& into) -> Result<void> {
    into = TRY(schema_at(value, where));
    return {};
  };
  const auto many = [&](std::vector<SchemaIndex>& into) -> Result<void> {
    into = TRY(schemas(value, where));
    return {};
  };
  const auto size = [&](std::uint64_t& into) -> Result<void> {
    into = TRY(count(value, where));
    return {};
  };
  if (std::ranges::find(only_described, name) != only_described.end() || name.starts_with("x-"))
    return {};
  if (name == "type") return read_type(node, value, where);
  if (name == "enum" || name == "const") {
    if (name == "enum" && value.kind() != Kind::list) return wrong(where, "must be a list");
    if (node.has_choices) return wrong(where, "const and enum stand side by side; keep one");
    node.has_choices = true;
    const auto all = name == "enum" ? value.as_list() : std::span<const Value>(&value, 1);
    node.choices.assign(all.begin(), all.end());
    return {};
  }
  if (name == "minimum" || name == "maximum" || name == "exclusiveMinimum" ||
      name == "exclusiveMaximum" || name == "multipleOf")
    return read_number(node, name, value, where);
  if (name == "minLength") return size(node.length.least);
  if (name == "maxLength") return size(node.length.most);
  if (name == "minItems") return size(node.items_count.least);
  if (name == "maxItems") return size(node.items_count.most);
  if (name == "minContains") return size(node.contains_count.least);
  if (name == "maxContains") return size(node.contains_count.most);
  if (name == "minProperties") return size(node.members_count.least);
  if (name == "maxProperties") return size(node.members_count.most);
  if (name == "pattern") {
    node.pattern_text = TRY(text());
    node.pattern = TRY(regex(node.pattern_text, where));
    return {};
  }
  if (name == "format") {
    node.is_date_time = TRY(text()) == "date-time";
    return {};
  }
  if (name == "uniqueItems") {
    if (value.kind() != Kind::boolean) return wrong(where, "must be true or false");
    node.has_unique_items = value.as_bool();
    return {};
  }
  if (name == "required") {
    node.required = TRY(names(value, where));
    return {};
  }
  if (name == "properties") return read_properties(node, value, where);
  if (name == "patternProperties") return read_pattern_properties(node, value, where);
  if (name == "dependencies" || name == "dependentRequired" || name == "dependentSchemas")
    return read_dependencies(node, value, where);
  if (name == "contains") return one(node.contains);
  if (name == "additionalProperties") return one(node.other_properties);
  if (name == "propertyNames") return one(node.property_names);
  if (name == "not") return one(node.none_of);
  if (name == "if") return one(node.condition);
  if (name == "then") return one(node.then_schema);
  if (name == "else") return one(node.else_schema);
  if (name == "allOf") return many(node.all_of);
  if (name == "anyOf") return many(node.any_of);
  if (name == "oneOf") return many(node.one_of);
  return wrong(where, "this keyword is not known, and would be checked by nobody" +
                          suggestion(name, keywords) + "; one's own begin with x-");
}

}  // namespace

Result<JsonSchema> JsonSchema::compile(const Value& schema) {
  auto compiled = TRY(SchemaCompiler(schema).compile());
  return JsonSchema(std::move(compiled));
}

}  // namespace sluice
