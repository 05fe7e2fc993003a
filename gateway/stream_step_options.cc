#include "gateway/stream_step_options.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/fields.h"
#include "config/located_text.h"
#include "gateway/keyed_options.h"
#include "gateway/step_places.h"
#include "gateway/tables/json_file.h"
#include "gateway/tables/table_file.h"
#include "pipelines/steps/enrich.h"
#include "pipelines/steps/join.h"
#include "pipelines/steps/merge.h"
#include "pipelines/steps/validate.h"
#include "pipelines/steps/view.h"

namespace sluice {

std::span<const EnumName<Refusal>> enum_names(Refusal) {
  static constexpr std::array<EnumName<Refusal>, 3> names{
      {{"dead_letter", Refusal::dead_letter}, {"drop", Refusal::drop}, {"pass", Refusal::pass}}};
  return names;
}

std::span<const EnumName<Unmatched>> enum_names(Unmatched) {
  static constexpr std::array<EnumName<Unmatched>, 4> names{{{"none", Unmatched::none},
                                                             {"left", Unmatched::left},
                                                             {"right", Unmatched::right},
                                                             {"both", Unmatched::both}}};
  return names;
}

namespace {

using namespace std::chrono_literals;

struct EnrichTable {
  LocatedText table;
  std::string column;
  std::vector<std::string> columns;
  ExpressionText key;
  LocatedText into{EnrichConfig{}.into};
  Refusal missing = EnrichConfig{}.missing;
};
void describe(Fields<EnrichTable>& fields) {
  fields
      .required("table", &EnrichTable::table,
                "File of rows: .csv with a header, .json or .toml with a list or an object of "
                "objects; up to 4 MiB and 100000 rows. A relative name begins at the "
                "configuration's folder. When the file changes it is read again.")
      .required("key", &EnrichTable::key,
                "Its value, as text, is the key of the row that is added.")
      .optional("column", &EnrichTable::column, "Column that has the keys of the rows.")
      .default_shown_as("the first of a CSV file; the names of rows that have names")
      .optional("columns", &EnrichTable::columns, "Columns that are added.")
      .default_shown_as("all but the keys")
      .optional("into", &EnrichTable::into,
                "Where the row goes, such as data.device; data: each column becomes a field of it.")
      .default_shown_as(EnrichConfig{}.into)
      .optional("missing", &EnrichTable::missing,
                "An event without a row fails (a dead letter, unless `on_error` says else), is "
                "dropped, or passes as it is.");
}
struct EnrichOptions {
  EnrichTable enrich;
};
void describe(Fields<EnrichOptions>& fields) {
  fields.required("enrich", &EnrichOptions::enrich, "What is added.");
}

struct ValidateTable {
  LocatedText schema;
  Refusal invalid = Refusal::dead_letter;
};
void describe(Fields<ValidateTable>& fields) {
  fields
      .required(
          "schema", &ValidateTable::schema,
          "File with a JSON Schema (draft-07, or the same keywords of 2019-09 and 2020-12). A "
          "relative name begins at the configuration's folder. When the file changes it is "
          "read again.")
      .optional("invalid", &ValidateTable::invalid,
                "An event whose data is not valid fails (a dead letter, unless `on_error` says "
                "else), is dropped, or passes as it is.");
}
struct ValidateOptions {
  ValidateTable validate;
};
void describe(Fields<ValidateOptions>& fields) {
  fields.required("validate", &ValidateOptions::validate, "What data must be.");
}

struct JoinTable : KeyedTable {
  ExpressionText left;
  ExpressionText right;
  LocatedText left_name{JoinConfig{}.left_name};
  LocatedText right_name{JoinConfig{}.right_name};
  std::optional<Duration> within;
  Unmatched unmatched = JoinConfig{}.unmatched;
  std::uint32_t max_events = JoinConfig{}.max_events;
};
void describe(Fields<JoinTable>& fields) {
  fields
      .required("left", &JoinTable::left,
                "Events for which this is true are on the left side; event.source_name tells the "
                "inputs of the pipeline apart.")
      .required("right", &JoinTable::right, "Of the others, those on the right side.")
      .required("within", &JoinTable::within,
                "Two events of a key are joined when their times are at most this far apart.")
      .between(Duration{0}, longest_step_time)
      .optional("left_name", &JoinTable::left_name, "Name of the left event's data in the result,")
      .default_shown_as(JoinConfig{}.left_name)
      .optional("right_name", &JoinTable::right_name, "and of the right one's.")
      .default_shown_as(JoinConfig{}.right_name)
      .optional("unmatched", &JoinTable::unmatched,
                "The side of which events leave alone that met none in time.")
      .optional("max_events", &JoinTable::max_events,
                "Events of a key that wait at a time; with one more the oldest's wait is over.")
      .between(1, JoinConfig::most_events);
  describe_keys(fields);
}
struct JoinOptions {
  JoinTable join;
};
void describe(Fields<JoinOptions>& fields) {
  fields.required("join", &JoinOptions::join, "What belongs together.");
}

struct MergeTable : KeyedTable {
  ExpressionText field;
  ExpressionText value;
  Duration within{0};
  Duration timeout = MergeConfig{}.timeout;
  std::vector<std::string> expect;
};
void describe(Fields<MergeTable>& fields) {
  fields
      .optional("field", &MergeTable::field,
                "An event tells one field, and this is its name; without it, those of `value`.")
      .optional("value", &MergeTable::value, "What the event tells.")
      .default_shown_as(MergeConfig{}.value)
      .optional(
          "within", &MergeTable::within,
          "Events belong together when their times are at most this far from the first one's.")
      .between(Duration{0}, longest_step_time)
      .optional("expect", &MergeTable::expect,
                "With all these fields the whole leaves at once; without, when its time is over or "
                "the next one begins.")
      .optional("timeout", &MergeTable::timeout,
                "It leaves this long after its first event came, by the gateway's clock.")
      .between(1ms, longest_step_time);
  describe_key_bounds(fields);
}
struct MergeOptions {
  MergeTable merge;
};
void describe(Fields<MergeOptions>& fields) {
  fields.required("merge", &MergeOptions::merge, "What belongs together.");
}

struct ViewTable {
  LocatedText name;
  std::map<std::string, ExpressionText> columns;
  ExpressionText key;
  std::uint32_t max_keys = KeyBounds{}.max_keys;
  ByteSize max_memory{KeyBounds{}.max_memory};
  Duration forget_after = KeyBounds{}.forget_after;
};
void describe(Fields<ViewTable>& fields) {
  fields.required("name", &ViewTable::name, "`sluice view NAME` and GET /v1/views/NAME show it.")
      .optional("key", &ViewTable::key, "A row for each value; without it there is one row.")
      .optional("columns", &ViewTable::columns,
                "Column = expression. Without any the row is the event's data.")
      .optional("max_keys", &ViewTable::max_keys,
                "Rows at a time; then the one that was not seen for longest goes, and is counted;")
      .between(1, most_keys)
      .optional("max_memory", &ViewTable::max_memory,
                "and what they may take; as much again while a snapshot is written.")
      .between(ByteSize{KeyBounds::least_memory}, ByteSize{KeyBounds::most_memory})
      .optional("forget_after", &ViewTable::forget_after,
                "A row whose key is silent for this long goes; 0s: never.")
      .between(Duration{0}, longest_step_time);
}
struct ViewOptions {
  ViewTable view;
};
void describe(Fields<ViewOptions>& fields) {
  fields.required("view", &ViewOptions::view, "The table.");
}

// What `make(content)` makes of the file that `name` names; nothing, and an error there, when the
// file cannot be read or is wrong.
template <typename Make>
auto from_file(const LocatedText& name, NamedFiles& files, Diagnostics& diagnostics, Make&& make)
    -> std::optional<std::remove_cvref_t<decltype(*make(std::string_view{}))>> {
  const auto content = files.read(name.text());
  if (!content) {
    diagnostics.error(name.position(), name.path(), content.error().message);
    return std::nullopt;
  }
  auto made = make(*content);
  if (!made) {
    diagnostics.error(name.position(), name.path(), made.error().message);
    return std::nullopt;
  }
  return std::move(*made);
}

Result<JsonSchema> read_schema(const std::string& name, std::string_view content) {
  Arena scratch;
  auto schema = JsonSchema::compile(TRY(parse_json_file(name, content, scratch)));
  if (!schema) return Error{ErrorKind::bad_config, name + ": " + schema.error().message};
  return schema;
}

}  // namespace

std::unique_ptr<Step> read_enrich(TableReader& reader, Diagnostics& diagnostics,
                                  NamedFiles& files) {
  EnrichOptions options;
  if (!reader.read(options)) return nullptr;
  const EnrichTable& table = options.enrich;
  auto rows = from_file(table.table, files, diagnostics, [&](std::string_view content) {
    return read_table_file(table.table.text(), content, {table.column, table.columns});
  });
  if (!rows) return nullptr;
  EnrichConfig config{std::move(*rows), table.key.text(), table.into.text(), table.missing};
  return take_step(make_enrich(std::move(config)), {{"key", table.key}, {"into", table.into}},
                   reader.table(), diagnostics);
}

std::unique_ptr<Step> read_validate(TableReader& reader, Diagnostics& diagnostics,
                                    NamedFiles& files) {
  ValidateOptions options;
  if (!reader.read(options)) return nullptr;
  const LocatedText& name = options.validate.schema;
  auto schema = from_file(name, files, diagnostics, [&](std::string_view content) {
    return read_schema(name.text(), content);
  });
  if (!schema) return nullptr;
  return make_validate({std::move(*schema), options.validate.invalid});
}

std::unique_ptr<Step> read_join(TableReader& reader, Diagnostics& diagnostics) {
  JoinOptions options;
  if (!reader.read(options)) return nullptr;
  const JoinTable& table = options.join;
  return take_step(
      make_join({table.keyed(), table.left.text(), table.right.text(), table.left_name.text(),
                 table.right_name.text(), *table.within, table.unmatched, table.max_events}),
      {{"key", table.key},
       {"left", table.left},
       {"right", table.right},
       {"left_name", table.left_name},
       {"right_name", table.right_name}},
      reader.table(), diagnostics);
}

std::unique_ptr<Step> read_merge(TableReader& reader, Diagnostics& diagnostics) {
  MergeOptions options;
  if (!reader.read(options)) return nullptr;
  const MergeTable& table = options.merge;
  MergeConfig config;
  config.keyed = table.keyed();
  config.field = table.field.text();
  if (!table.value.empty()) config.value = table.value.text();
  config.within = table.within;
  config.timeout = table.timeout;
  config.expect = table.expect;
  return take_step(make_merge(config),
                   {{"key", table.key}, {"field", table.field}, {"value", table.value}},
                   reader.table(), diagnostics);
}

std::unique_ptr<Step> read_view(TableReader& reader, Diagnostics& diagnostics) {
  ViewOptions options;
  if (!reader.read(options)) return nullptr;
  const ViewTable& table = options.view;
  ViewConfig config;
  config.name = table.name.text();
  config.keyed = {table.key.text(),
                  {table.max_keys, static_cast<std::size_t>(table.max_memory.bytes()),
                   WhenFull::evict, table.forget_after}};
  StepPlaces places{{"key", table.key}, {"name", table.name}};
  for (const auto& [name, expression] : table.columns) {
    config.columns.push_back({name, expression.text()});
    places.emplace("columns." + name, expression);
  }
  return take_step(make_view(config), places, reader.table(), diagnostics);
}

ComponentDescription describe_enrich(std::string_view key, std::string_view summary) {
  return describe_step<EnrichOptions>(key, summary);
}
ComponentDescription describe_validate(std::string_view key, std::string_view summary) {
  return describe_step<ValidateOptions>(key, summary);
}
ComponentDescription describe_join(std::string_view key, std::string_view summary) {
  return describe_step<JoinOptions>(key, summary);
}
ComponentDescription describe_merge(std::string_view key, std::string_view summary) {
  return describe_step<MergeOptions>(key, summary);
}
ComponentDescription describe_view(std::string_view key, std::string_view summary) {
  return describe_step<ViewOptions>(key, summary);
}

}  // namespace sluice
