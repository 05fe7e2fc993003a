#include "gateway/ordered_step_options.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/located_text.h"
#include "gateway/keyed_options.h"
#include "gateway/step_places.h"
#include "pipelines/steps/absence.h"
#include "pipelines/steps/fill.h"
#include "pipelines/steps/sequence.h"
#include "pipelines/steps/sort.h"

namespace sluice {

std::span<const EnumName<FillMethod>> enum_names(FillMethod) {
  static constexpr std::array<EnumName<FillMethod>, 3> names{{{"none", FillMethod::none},
                                                              {"previous", FillMethod::previous},
                                                              {"linear", FillMethod::linear}}};
  return names;
}
std::span<const EnumName<AfterMatch>> enum_names(AfterMatch) {
  static constexpr std::array<EnumName<AfterMatch>, 2> names{
      {{"skip_past_last", AfterMatch::skip_past_last}, {"no_skip", AfterMatch::no_skip}}};
  return names;
}

namespace {

using namespace std::chrono_literals;

struct AbsenceTable : KeyedTable {
  AbsenceTable() { when_full = WhenFull::refuse; }
  std::optional<Duration> after;
  std::vector<LocatedText> expect;
};
void describe(Fields<AbsenceTable>& fields) {
  fields
      .required("after", &AbsenceTable::after,
                "A key is absent when no event of it came for so long, by the gateway's clock.")
      .between(1ms, longest_step_time)
      .optional("expect", &AbsenceTable::expect,
                "Keys, as texts, that are watched from the start, not only from their first event "
                "on.");
  describe_keys(fields);
  fields.ensure(
      [](const AbsenceTable& table) {
        return table.forget_after == Duration{0} || table.forget_after > *table.after;
      },
      "needs a 'forget_after' longer than 'after': a key that is forgotten before it is absent is "
      "never told");
}
struct AbsenceOptions {
  AbsenceTable absence;
};
void describe(Fields<AbsenceOptions>& fields) {
  fields.required("absence", &AbsenceOptions::absence, "Who is missed, and after how long.");
}

struct FillTable : KeyedTable {
  std::optional<Duration> every;
  std::vector<LocatedText> values;
  FillMethod method = FillMethod::none;
  Duration max_gap{0};
};
void describe(Fields<FillTable>& fields) {
  fields
      .required("every", &FillTable::every,
                "An event is wanted for each multiple of this; one that came stands for the "
                "nearest.")
      .between(FillConfig::least_every, FillConfig::most_every)
      .optional("values", &FillTable::values,
                "What the filled events have beside `data.filled`: up to 16 paths such as "
                "data.temperature.")
      .optional("method", &FillTable::method,
                "A filled value is null, that of the event before the gap, or on the straight line "
                "between those around it.")
      .optional("max_gap", &FillTable::max_gap,
                "A gap between two events that is longer stays; at most 1000 times `every`.")
      .between(Duration{0}, longest_step_time)
      .default_shown_as("60 times `every`");
  describe_keys(fields);
  fields.ensure(
      [](const FillTable& table) {
        return table.max_gap == Duration{0} ||
               (table.max_gap >= *table.every &&
                table.max_gap / *table.every <= FillConfig::most_events);
      },
      "needs a 'max_gap' of 1 to 1000 times 'every'");
}
struct FillOptions {
  FillTable fill;
};
void describe(Fields<FillOptions>& fields) {
  fields.required("fill", &FillOptions::fill, "The series.");
}

struct SequenceStepTable {
  LocatedText name;
  ExpressionText when;
  ExpressionText without;
};
void describe(Fields<SequenceStepTable>& fields) {
  fields.required("name", &SequenceStepTable::name, "Of the event in the result.")
      .required("when", &SequenceStepTable::when, "Which event is waited for.")
      .optional("not", &SequenceStepTable::without,
                "An event of which this is true must not come before it, or there is no match.");
}

struct SequenceTable : KeyedTable {
  std::vector<SequenceStepTable> steps;
  std::optional<Duration> within;
  AfterMatch after_match = SequenceConfig{}.after_match;
  ExpressionText where;
  std::map<std::string, ExpressionText> emit;
  std::uint32_t max_matches = SequenceConfig{}.max_matches;
};
void describe(Fields<SequenceTable>& fields) {
  fields
      .required("steps", &SequenceTable::steps,
                "2 to 16 events that follow each other; others in between do not matter.")
      .required("within", &SequenceTable::within,
                "The last is at most this much later than the first, by event time; what is not "
                "complete by then leaves by the output `timeout`.")
      .between(1ms, longest_step_time)
      .optional("after_match", &SequenceTable::after_match,
                "No event is in two matches; or each that can begin a match has one.")
      .optional("where", &SequenceTable::where,
                "A condition over the result, such as data.b.time - data.a.time > "
                "duration('1s'); else the last event is passed over.")
      .optional("emit", &SequenceTable::emit,
                "Field = expression over the result; without it each step's name has the `time` "
                "and `data` of its event.")
      .optional("max_matches", &SequenceTable::max_matches,
                "Matches of a key that wait for their next event at a time; the oldest goes, and "
                "is counted.")
      .between(1, SequenceConfig::most_matches);
  describe_key_bounds(fields);
}
struct SequenceOptions {
  SequenceTable sequence;
};
void describe(Fields<SequenceOptions>& fields) {
  fields.required("sequence", &SequenceOptions::sequence, "The pattern.");
}

struct SortTable {
  std::uint32_t max_events = SortConfig{}.max_events;
  ByteSize max_memory{SortConfig{}.max_memory};
  Duration max_wait{0};
};
void describe(Fields<SortTable>& fields) {
  fields
      .optional("max_events", &SortTable::max_events,
                "So many events wait for the watermark; the one that is due next leaves early when "
                "there are more,")
      .between(1, 10'000'000)
      .optional("max_memory", &SortTable::max_memory,
                "or when they take more than this; as much again while a snapshot is written.")
      .between(ByteSize{SortConfig::least_memory}, ByteSize{KeyBounds::most_memory})
      .optional("max_wait", &SortTable::max_wait,
                "No event waits for longer, by the gateway's clock, though the watermark stands "
                "still; 0s: no limit.")
      .between(Duration{0}, longest_step_time);
}
struct SortOptions {
  SortTable sort;
};
void describe(Fields<SortOptions>& fields) {
  fields.required("sort", &SortOptions::sort, "What may wait; {}: the defaults.");
}

// "expect.0": the text of that place in the list.
void add_places(const std::string& name, const std::vector<LocatedText>& texts,
                StepPlaces& places) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    places.emplace(name + "." + std::to_string(i), texts[i]);
  }
}

std::vector<std::string> plain(const std::vector<LocatedText>& texts) {
  std::vector<std::string> found;
  for (const LocatedText& text : texts) found.push_back(text.text());
  return found;
}

}  // namespace

std::unique_ptr<Step> read_absence(TableReader& reader, Diagnostics& diagnostics) {
  AbsenceOptions options;
  if (!reader.read(options)) return nullptr;
  const AbsenceTable& table = options.absence;
  StepPlaces places = {{"key", table.key}};
  add_places("expect", table.expect, places);
  return take_step(make_absence({table.keyed(), *table.after, plain(table.expect)}), places,
                   reader.table(), diagnostics);
}

std::unique_ptr<Step> read_fill(TableReader& reader, Diagnostics& diagnostics) {
  FillOptions options;
  if (!reader.read(options)) return nullptr;
  const FillTable& table = options.fill;
  StepPlaces places = {{"key", table.key}};
  add_places("values", table.values, places);
  return take_step(
      make_fill({table.keyed(), *table.every, plain(table.values), table.method, table.max_gap}),
      places, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_sequence(TableReader& reader, Diagnostics& diagnostics) {
  SequenceOptions options;
  if (!reader.read(options)) return nullptr;
  const SequenceTable& table = options.sequence;
  SequenceConfig config;
  config.keyed = table.keyed();
  config.within = *table.within;
  config.after_match = table.after_match;
  config.where = table.where.text();
  config.max_matches = table.max_matches;
  StepPlaces places = {{"key", table.key}, {"where", table.where}};
  for (std::size_t i = 0; i < table.steps.size(); ++i) {
    const SequenceStepTable& step = table.steps[i];
    const std::string place = "steps." + std::to_string(i);
    config.steps.push_back({step.name.text(), step.when.text(), step.without.text()});
    places.emplace(place + ".name", step.name);
    places.emplace(place + ".when", step.when);
    places.emplace(place + ".not", step.without);
  }
  for (const auto& [name, expression] : table.emit) {
    config.emit.push_back({name, expression.text()});
    places.emplace("emit." + name, expression);
  }
  return take_step(make_sequence(config), places, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_sort(TableReader& reader, Diagnostics& diagnostics) {
  SortOptions options;
  if (!reader.read(options)) return nullptr;
  const SortTable& table = options.sort;
  return take_step(make_sort({table.max_events, static_cast<std::size_t>(table.max_memory.bytes()),
                              table.max_wait}),
                   {}, reader.table(), diagnostics);
}

ComponentDescription describe_absence(std::string_view key, std::string_view summary) {
  return describe_step<AbsenceOptions>(key, summary);
}
ComponentDescription describe_fill(std::string_view key, std::string_view summary) {
  return describe_step<FillOptions>(key, summary);
}
ComponentDescription describe_sequence(std::string_view key, std::string_view summary) {
  return describe_step<SequenceOptions>(key, summary);
}
ComponentDescription describe_sort(std::string_view key, std::string_view summary) {
  return describe_step<SortOptions>(key, summary);
}

}  // namespace sluice
