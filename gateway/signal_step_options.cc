#include "gateway/signal_step_options.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "config/fields.h"
#include "config/located_text.h"
#include "gateway/keyed_options.h"
#include "gateway/step_places.h"
#include "pipelines/steps/changed.h"
#include "pipelines/steps/deadband.h"
#include "pipelines/steps/debounce.h"
#include "pipelines/steps/dedupe.h"
#include "pipelines/steps/sample.h"
#include "pipelines/steps/split.h"
#include "pipelines/steps/swinging_door.h"
#include "pipelines/steps/throttle.h"

namespace sluice {

std::span<const EnumName<WhenFull>> enum_names(WhenFull) {
  static constexpr std::array<EnumName<WhenFull>, 2> names{
      {{"evict", WhenFull::evict}, {"refuse", WhenFull::refuse}}};
  return names;
}

namespace {

using namespace std::chrono_literals;

struct ChangedTable : KeyedTable {
  ExpressionText value;
};
void describe(Fields<ChangedTable>& fields) {
  fields.required("value", &ChangedTable::value,
                  "The event passes when this is not what it was in the key's last event.");
  describe_keys(fields);
}
struct ChangedOptions {
  ChangedTable changed;
};
void describe(Fields<ChangedOptions>& fields) {
  fields.required("changed", &ChangedOptions::changed, "What is looked at.");
}

struct DeadbandTable : KeyedTable {
  ExpressionText value;
  std::optional<double> change;
  std::optional<double> percent;
  Duration max_silence{0};
};
void describe(Fields<DeadbandTable>& fields) {
  fields.required("value", &DeadbandTable::value, "The number that is looked at.")
      .optional("change", &DeadbandTable::change,
                "The event passes when the number is more than this away from the last that did;")
      .at_least(0.0)
      .optional("percent", &DeadbandTable::percent, "or more than this share of it.")
      .at_least(0.0)
      .optional("max_silence", &DeadbandTable::max_silence,
                "It also passes when the last one that did is this much older, by event time; 0s: "
                "no limit.")
      .between(Duration{0}, longest_step_time);
  describe_keys(fields);
  fields.ensure(
      [](const DeadbandTable& table) {
        return table.change.has_value() != table.percent.has_value();
      },
      "needs 'change' or 'percent', and not both");
}
struct DeadbandOptions {
  DeadbandTable deadband;
};
void describe(Fields<DeadbandOptions>& fields) {
  fields.required("deadband", &DeadbandOptions::deadband, "The band.");
}

struct DebounceTable : KeyedTable {
  std::optional<Duration> quiet;
  Duration max_wait{0};
};
void describe(Fields<DebounceTable>& fields) {
  fields
      .required("quiet", &DebounceTable::quiet,
                "The last event of a burst leaves when no other of its key came for so long, by "
                "the gateway's clock.")
      .between(1ms, longest_step_time)
      .optional("max_wait", &DebounceTable::max_wait,
                "A burst ends when its event times span this; 0s: however long it is.")
      .between(Duration{0}, longest_step_time);
  describe_key_bounds(fields);
}
struct DebounceOptions {
  DebounceTable debounce;
};
void describe(Fields<DebounceOptions>& fields) {
  fields.required("debounce", &DebounceOptions::debounce, "What a burst is.");
}

struct DedupeTable {
  ExpressionText by;
  Duration within = DedupeConfig{}.within;
  std::uint32_t remember = DedupeConfig{}.remember;
  ByteSize max_memory{DedupeConfig{}.max_memory};
  Duration forget_after = DedupeConfig{}.forget_after;
};
void describe(Fields<DedupeTable>& fields) {
  fields.optional("by", &DedupeTable::by, "Events with the same value are the same.")
      .default_shown_as(DedupeConfig{}.by)
      .optional("within", &DedupeTable::within,
                "They are so only when their times are less than this apart; 0s: whatever their "
                "times.")
      .between(Duration{0}, longest_step_time)
      .optional("remember", &DedupeTable::remember,
                "An event that passed is remembered until so many others have,")
      .between(1, most_keys)
      .optional("max_memory", &DedupeTable::max_memory,
                "or this is needed for them; as much again while a snapshot is written.")
      .between(ByteSize{KeyBounds::least_memory}, ByteSize{KeyBounds::most_memory})
      .optional("forget_after", &DedupeTable::forget_after,
                "And not longer than this, by the gateway's clock; 0s: no limit.")
      .between(Duration{0}, longest_step_time);
}
struct DedupeOptions {
  DedupeTable dedupe;
};
void describe(Fields<DedupeOptions>& fields) {
  fields.required("dedupe", &DedupeOptions::dedupe,
                  "Which events are the same; {}: source and id.");
}

struct SampleTable : KeyedTable {
  std::optional<std::uint32_t> every;
  std::optional<Duration> per;
};
void describe(Fields<SampleTable>& fields) {
  fields
      .optional("every", &SampleTable::every,
                "Of each key the 1st event passes, and every so many;")
      .at_least(1)
      .optional("per", &SampleTable::per,
                "or the first of each interval; a minute begins at :00 of event time.")
      .between(1ms, longest_step_time);
  describe_keys(fields);
  fields.ensure(
      [](const SampleTable& table) { return table.every.has_value() != table.per.has_value(); },
      "needs 'every' or 'per', and not both");
}
struct SampleOptions {
  SampleTable sample;
};
void describe(Fields<SampleOptions>& fields) {
  fields.required("sample", &SampleOptions::sample, "What passes.");
}

struct SplitTable {
  ExpressionText list;
  LocatedText into;
};
void describe(Fields<SplitTable>& fields) {
  fields.required("list", &SplitTable::list, "Each of its elements, up to 1000, is an event.")
      .optional("into", &SplitTable::into,
                "Where the element goes in the event's data, such as data.reading; without it the "
                "element is the data.");
}
struct SplitOptions {
  SplitTable split;
};
void describe(Fields<SplitOptions>& fields) {
  fields.required("split", &SplitOptions::split, "The list.");
}

struct SwingingDoorTable : KeyedTable {
  ExpressionText value;
  double error = 0.0;
  Duration max_silence{0};
};
void describe(Fields<SwingingDoorTable>& fields) {
  fields.required("value", &SwingingDoorTable::value, "The number that is looked at.")
      .required("error", &SwingingDoorTable::error,
                "Straight lines between the events that leave are never further than this from one "
                "that was dropped.")
      .at_least(0.0)
      .optional("max_silence", &SwingingDoorTable::max_silence,
                "An event that is this much later than the last that left leaves; 0s: no limit.")
      .between(Duration{0}, longest_step_time);
  describe_keys(fields);
}
struct SwingingDoorOptions {
  SwingingDoorTable swinging_door;
};
void describe(Fields<SwingingDoorOptions>& fields) {
  fields.required("swinging_door", &SwingingDoorOptions::swinging_door, "How close.");
}

struct ThrottleTable : KeyedTable {
  std::uint32_t events = 1;
  std::optional<Duration> per;
};
void describe(Fields<ThrottleTable>& fields) {
  fields.optional("events", &ThrottleTable::events, "As many events of a key pass")
      .at_least(1)
      .required("per", &ThrottleTable::per,
                "in an interval, which begins with the first event after the last one, by event "
                "time.")
      .between(1ms, longest_step_time);
  describe_keys(fields);
}
struct ThrottleOptions {
  ThrottleTable throttle;
};
void describe(Fields<ThrottleOptions>& fields) {
  fields.required("throttle", &ThrottleOptions::throttle, "The limit.");
}

}  // namespace

std::unique_ptr<Step> read_changed(TableReader& reader, Diagnostics& diagnostics) {
  ChangedOptions options;
  if (!reader.read(options)) return nullptr;
  const ChangedTable& table = options.changed;
  return take_step(make_changed({table.keyed(), table.value.text()}),
                   {{"key", table.key}, {"value", table.value}}, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_deadband(TableReader& reader, Diagnostics& diagnostics) {
  DeadbandOptions options;
  if (!reader.read(options)) return nullptr;
  const DeadbandTable& table = options.deadband;
  return take_step(make_deadband({table.keyed(), table.value.text(), table.change, table.percent,
                                  table.max_silence}),
                   {{"key", table.key}, {"value", table.value}}, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_debounce(TableReader& reader, Diagnostics& diagnostics) {
  DebounceOptions options;
  if (!reader.read(options)) return nullptr;
  const DebounceTable& table = options.debounce;
  return take_step(make_debounce({table.keyed(), *table.quiet, table.max_wait}),
                   {{"key", table.key}}, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_dedupe(TableReader& reader, Diagnostics& diagnostics) {
  DedupeOptions options;
  if (!reader.read(options)) return nullptr;
  const DedupeTable& table = options.dedupe;
  DedupeConfig config;
  if (!table.by.text().empty()) config.by = table.by.text();
  config.within = table.within;
  config.remember = table.remember;
  config.max_memory = static_cast<std::size_t>(table.max_memory.bytes());
  config.forget_after = table.forget_after;
  return take_step(make_dedupe(config), {{"by", table.by}}, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_sample(TableReader& reader, Diagnostics& diagnostics) {
  SampleOptions options;
  if (!reader.read(options)) return nullptr;
  const SampleTable& table = options.sample;
  return take_step(make_sample({table.keyed(), table.every, table.per}), {{"key", table.key}},
                   reader.table(), diagnostics);
}

std::unique_ptr<Step> read_split(TableReader& reader, Diagnostics& diagnostics) {
  SplitOptions options;
  if (!reader.read(options)) return nullptr;
  const SplitTable& table = options.split;
  return take_step(make_split({table.list.text(), table.into.text()}),
                   {{"list", table.list}, {"into", table.into}}, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_swinging_door(TableReader& reader, Diagnostics& diagnostics) {
  SwingingDoorOptions options;
  if (!reader.read(options)) return nullptr;
  const SwingingDoorTable& table = options.swinging_door;
  return take_step(
      make_swinging_door({table.keyed(), table.value.text(), table.error, table.max_silence}),
      {{"key", table.key}, {"value", table.value}}, reader.table(), diagnostics);
}

std::unique_ptr<Step> read_throttle(TableReader& reader, Diagnostics& diagnostics) {
  ThrottleOptions options;
  if (!reader.read(options)) return nullptr;
  const ThrottleTable& table = options.throttle;
  return take_step(make_throttle({table.keyed(), table.events, *table.per}), {{"key", table.key}},
                   reader.table(), diagnostics);
}

ComponentDescription describe_changed(std::string_view key, std::string_view summary) {
  return describe_step<ChangedOptions>(key, summary);
}
ComponentDescription describe_deadband(std::string_view key, std::string_view summary) {
  return describe_step<DeadbandOptions>(key, summary);
}
ComponentDescription describe_debounce(std::string_view key, std::string_view summary) {
  return describe_step<DebounceOptions>(key, summary);
}
ComponentDescription describe_dedupe(std::string_view key, std::string_view summary) {
  return describe_step<DedupeOptions>(key, summary);
}
ComponentDescription describe_sample(std::string_view key, std::string_view summary) {
  return describe_step<SampleOptions>(key, summary);
}
ComponentDescription describe_split(std::string_view key, std::string_view summary) {
  return describe_step<SplitOptions>(key, summary);
}
ComponentDescription describe_swinging_door(std::string_view key, std::string_view summary) {
  return describe_step<SwingingDoorOptions>(key, summary);
}
ComponentDescription describe_throttle(std::string_view key, std::string_view summary) {
  return describe_step<ThrottleOptions>(key, summary);
}

}  // namespace sluice
