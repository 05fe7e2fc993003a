#include "gateway/testing/read_expectations.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/nearest.h"
#include "config/table_reader.h"
#include "drivers/codecs/json.h"
#include "gateway/testing/test_options.h"
#include "gateway/toml_json.h"

namespace sluice {
namespace {

// Of a test itself; all other keys are attributes of the event.
constexpr std::array<std::string_view, 2> own_keys = {"check", "match"};

// CloudEvents 1.0 has these, and our steps add the last three.
constexpr std::array<std::string_view, 13> event_attributes = {
    "id",          "source",          "type",       "subject",     "time",        "data",
    "data_base64", "datacontenttype", "dataschema", "specversion", "windowstart", "windowend",
    "revision"};
constexpr std::array<std::string_view, 10> dead_letter_attributes = {
    "stage", "reason", "source", "type", "subject",
    "time",  "sender", "topic",  "data", "data_base64"};

// CloudEvents 1.0, "Naming conventions": extensions are lower-case letters and digits.
bool is_extension_name(std::string_view name) {
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

class EventReader {
 public:
  EventReader(const ExpectationSurroundings& surroundings, bool is_dead_letter)
      : diagnostics_(surroundings.diagnostics),
        arena_(surroundings.arena),
        is_dead_letter_(is_dead_letter) {}

  ExpectedEvent read(const RawTable& table, Match match) {
    ExpectedEvent event;
    event.position = table.position();
    TableReader reader(table, diagnostics_);
    ExpectationSection section;
    reader.read(section);
    for (const std::string_view key : table.keys()) check_name(table, key);
    event.match = section.match.value_or(match);
    for (const ExpressionText& text : section.check.all) compile(text, event.checks);
    const std::string json = table_as_json(table.node(), own_keys, diagnostics_);
    auto attributes = parse_json(json, arena_);
    if (attributes) {
      event.attributes = *attributes;
    } else {
      diagnostics_.error(table.node(), attributes.error().message);
    }
    return event;
  }

 private:
  // An extension may have any name, so only what is nearly a known one is taken for a mistake.
  void check_name(const RawTable& table, std::string_view key) {
    std::vector<std::string_view> known(own_keys.begin(), own_keys.end());
    const std::span<const std::string_view> attributes =
        is_dead_letter_ ? std::span<const std::string_view>(dead_letter_attributes)
                        : std::span<const std::string_view>(event_attributes);
    known.insert(known.end(), attributes.begin(), attributes.end());
    if (std::ranges::find(known, key) != known.end()) return;
    if (!is_dead_letter_ && is_extension_name(key) && !nearest_name(key, known)) return;
    diagnostics_.error(table.node().find(key)->key, table.path(),
                       "unknown key '" + std::string(key) + "'" + suggestion(key, known));
  }

  void compile(const ExpressionText& text, std::vector<TestCheck>& checks) {
    auto compiled = Expression::compile(text.text());
    if (auto* expression = std::get_if<Expression>(&compiled)) {
      checks.push_back({std::move(*expression), text.position()});
      return;
    }
    for (const ExpressionError& error : std::get<std::vector<ExpressionError>>(compiled))
      diagnostics_.error(text.position_of(error.offset), text.path(), error.message);
  }

  Diagnostics& diagnostics_;
  Arena& arena_;
  const bool is_dead_letter_;
};

bool is_known(const Node& output, const std::vector<KnownOutput>& known, Diagnostics& diagnostics) {
  if (output.name == dead_letters_output || known.empty()) return true;
  if (std::ranges::find(known, output.name, &KnownOutput::name) != known.end()) return true;
  std::vector<std::string_view> names;
  names.reserve(known.size() + 1);
  for (const KnownOutput& one : known) names.emplace_back(one.name);
  names.emplace_back(dead_letters_output);
  diagnostics.error(output.key, output.parent->path(),
                    "there is no sink, pipeline or output '" + output.name + "'" +
                        suggestion(output.name, names));
  return false;
}

}  // namespace

std::vector<KnownOutput> list_outputs(const Configuration& configuration) {
  std::vector<KnownOutput> known;
  const auto add = [&known](std::string name, bool is_tapped) {
    if (std::ranges::find(known, name, &KnownOutput::name) == known.end())
      known.push_back({std::move(name), is_tapped});
  };
  for (const SinkPlan& sink : configuration.sinks) add(sink.name, false);
  for (const PipelineSetup& pipeline : configuration.pipelines) {
    add(pipeline.name, true);
    for (const StepSetup& step : pipeline.steps) {
      for (const std::string& output : step.step->outputs())
        add(pipeline.name + "." + output, true);
    }
  }
  return known;
}

std::vector<ExpectedOutput> read_expectations(const Node& expect, Match match,
                                              const ExpectationSurroundings& surroundings) {
  std::vector<ExpectedOutput> outputs;
  if (!is_table(expect, surroundings.diagnostics)) return outputs;
  for (const auto& node : expect.children) {
    std::vector<RawTable> events;
    if (!is_known(*node, surroundings.known, surroundings.diagnostics) ||
        !ValueType<std::vector<RawTable>>::read(*node, events, surroundings.diagnostics))
      continue;
    ExpectedOutput output;
    output.name = node->name;
    output.position = node->key;
    EventReader reader(surroundings, output.name == dead_letters_output);
    for (const RawTable& event : events) output.events.push_back(reader.read(event, match));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

}  // namespace sluice
