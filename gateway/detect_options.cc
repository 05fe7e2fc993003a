#include "gateway/detect_options.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/fields.h"
#include "config/located_text.h"
#include "config/table.h"
#include "gateway/keyed_options.h"
#include "gateway/step_places.h"
#include "pipelines/steps/detect.h"

namespace sluice {

enum class DetectMethod : std::uint8_t { threshold, zscore, ewma, cusum, seasonal, range };

std::span<const EnumName<DetectMethod>> enum_names(DetectMethod) {
  static constexpr std::array<EnumName<DetectMethod>, 6> names{
      {{"threshold", DetectMethod::threshold},
       {"zscore", DetectMethod::zscore},
       {"ewma", DetectMethod::ewma},
       {"cusum", DetectMethod::cusum},
       {"seasonal", DetectMethod::seasonal},
       {"range", DetectMethod::range}}};
  return names;
}

std::span<const EnumName<DetectEmit>> enum_names(DetectEmit) {
  static constexpr std::array<EnumName<DetectEmit>, 2> names{
      {{"changes", DetectEmit::changes}, {"all", DetectEmit::all}}};
  return names;
}

std::span<const EnumName<Season>> enum_names(Season) {
  static constexpr std::array<EnumName<Season>, 2> names{
      {{"day", Season::day}, {"week", Season::week}}};
  return names;
}

namespace {

using namespace std::chrono_literals;

struct DetectTable : KeyedTable {
  ExpressionText value;
  std::optional<DetectMethod> method;
  DetectEmit emit = DetectConfig{}.emit;
  LocatedText into{DetectConfig{}.into};
  Duration lasts{0};
  Duration clear_for{0};

  // Each belongs to some of the methods; without it, the method's own default holds.
  std::optional<double> above;
  std::optional<double> below;
  std::optional<double> hysteresis;
  std::optional<double> limit;
  std::optional<double> clear;
  std::optional<std::uint32_t> samples;
  std::optional<Duration> within;
  std::optional<std::uint32_t> warm_up;
  std::optional<bool> robust;
  std::optional<double> min_spread;
  std::optional<double> weight;
  std::optional<double> drift;
  std::optional<double> target;
  std::optional<double> spread;
  std::optional<bool> relearn;
  std::optional<Season> season;
  std::optional<LocatedText> time_zone;
  std::optional<std::uint32_t> memory;
  std::optional<std::uint32_t> smooth;
};

void describe_alarm(Fields<DetectTable>& fields) {
  fields.required("value", &DetectTable::value, "The number that is looked at.")
      .required("method", &DetectTable::method, "How it is told what is unusual.")
      .optional("emit", &DetectTable::emit,
                "\"changes\": only events pass with which an alarm begins or ends; \"all\": every "
                "event does.")
      .optional("into", &DetectTable::into,
                "Where in an event's data it is written what was found: method, is_anomaly, change "
                "(\"begins\", \"ends\"), score, value, low, high, reason.")
      .optional("for", &DetectTable::lasts,
                "An alarm begins when the score was above the limit for so long, by event time.")
      .between(Duration{0}, longest_step_time)
      .optional("clear_for", &DetectTable::clear_for,
                "It ends when the score was not above `clear` for so long.")
      .between(Duration{0}, longest_step_time);
}

void describe_methods(Fields<DetectTable>& fields) {
  fields
      .optional("above", &DetectTable::above,
                "threshold: an alarm begins when the value is above this,")
      .optional("below", &DetectTable::below, "or below this.")
      .optional("hysteresis", &DetectTable::hysteresis,
                "threshold: it ends when the value is so far back inside.")
      .default_shown_as("0")
      .at_least(0.0)
      .optional(
          "limit", &DetectTable::limit,
          "All but threshold: an alarm begins with a score above this: standard deviations, of "
          "range widths.")
      .default_shown_as("4; cusum: 5; range: 0.05")
      .optional("clear", &DetectTable::clear,
                "All but threshold: it ends with a score that is not above this.")
      .default_shown_as("limit")
      .at_least(0.0)
      .optional(
          "samples", &DetectTable::samples,
          "zscore, range: values that the last one is compared with. They are kept in 32 parts, "
          "and the oldest part goes as a whole.")
      .default_shown_as("300; range: 4096")
      .between(1, ZScoreConfig::most_samples)
      .optional("within", &DetectTable::within,
                "zscore: the values of so long before it, in place of `samples`.")
      .between(ZScoreConfig::shortest, longest_step_time)
      .optional(
          "warm_up", &DetectTable::warm_up,
          "All but threshold: values before the first verdict; seasonal: days or weeks of which "
          "the hour is known.")
      .default_shown_as("30; range: 100; seasonal: 3")
      .optional(
          "robust", &DetectTable::robust,
          "zscore, ewma, seasonal: an unusual value moves the mean only as far as a usual one "
          "can.")
      .default_shown_as("true")
      .optional("min_spread", &DetectTable::min_spread,
                "All but threshold: the standard deviation, of range the width, is taken as at "
                "least this.")
      .default_shown_as("0")
      .at_least(0.0)
      .optional("weight", &DetectTable::weight,
                "ewma: of the last value in the mean, between 0 and 1.")
      .default_shown_as("0.05")
      .optional("drift", &DetectTable::drift,
                "cusum: how many standard deviations a value may be off for ever.")
      .default_shown_as("0.5")
      .at_least(0.0)
      .optional("target", &DetectTable::target,
                "cusum: the mean, in place of that of the first `warm_up` values,")
      .optional("spread", &DetectTable::spread, "and the standard deviation.")
      .optional("relearn", &DetectTable::relearn,
                "cusum: the values after an alarm are the new normal.")
      .default_shown_as("false")
      .optional("season", &DetectTable::season,
                "seasonal: an hour is compared with the same of other days, or weeks.")
      .default_shown_as("day")
      .optional("time_zone", &DetectTable::time_zone,
                "seasonal: whose clocks tell the hour, as in \"Europe/Berlin\".")
      .default_shown_as("UTC")
      .optional("memory", &DetectTable::memory, "seasonal: about so many days, or weeks, count.")
      .default_shown_as("14")
      .at_least(2)
      .optional("smooth", &DetectTable::smooth,
                "range: the mean of so many values is looked at as well; 1: it is not.")
      .default_shown_as("16")
      .between(1, RangeConfig::most_smooth);
}

// The members may be set only with one of `methods`.
template <typename... Members>
void belong_to(Fields<DetectTable>& fields, std::initializer_list<DetectMethod> methods,
               std::string_view sentence, Members... members) {
  fields.ensure(
      [allowed = std::vector<DetectMethod>(methods), members...](const DetectTable& table) {
        const bool is_any_set = ((table.*members).has_value() || ...);
        return !is_any_set || std::ranges::find(allowed, *table.method) != allowed.end();
      },
      sentence);
}

void describe_where_options_belong(Fields<DetectTable>& fields) {
  using enum DetectMethod;
  using T = DetectTable;
  belong_to(fields, {threshold},
            "may have 'above', 'below' and 'hysteresis' only with method = \"threshold\"",
            &T::above, &T::below, &T::hysteresis);
  belong_to(fields, {zscore, ewma, cusum, seasonal, range},
            "may have 'limit', 'clear', 'warm_up' and 'min_spread' with any method but "
            "\"threshold\", whose alarm is set by 'above', 'below' and 'hysteresis'",
            &T::limit, &T::clear, &T::warm_up, &T::min_spread);
  belong_to(fields, {zscore, range},
            "may have 'samples' only with method = \"zscore\" or \"range\"", &T::samples);
  belong_to(fields, {zscore}, "may have 'within' only with method = \"zscore\"", &T::within);
  belong_to(fields, {zscore, ewma, seasonal},
            "may have 'robust' only with method = \"zscore\", \"ewma\" or \"seasonal\"",
            &T::robust);
  belong_to(fields, {ewma}, "may have 'weight' only with method = \"ewma\"", &T::weight);
  belong_to(fields, {cusum},
            "may have 'drift', 'target', 'spread' and 'relearn' only with method = \"cusum\"",
            &T::drift, &T::target, &T::spread, &T::relearn);
  belong_to(fields, {seasonal},
            "may have 'season', 'time_zone' and 'memory' only with method = \"seasonal\"",
            &T::season, &T::time_zone, &T::memory);
  belong_to(fields, {range}, "may have 'smooth' only with method = \"range\"", &T::smooth);
  fields.ensure([](const DetectTable& table) { return !table.samples || !table.within; },
                "has 'samples' or 'within', and not both");
}

void describe(Fields<DetectTable>& fields) {
  describe_alarm(fields);
  describe_methods(fields);
  describe_keys(fields);
  describe_where_options_belong(fields);
}
struct DetectOptions {
  DetectTable detect;
};
void describe(Fields<DetectOptions>& fields) {
  fields.required("detect", &DetectOptions::detect, "The value, and what is unusual of it.");
}

template <typename X>
void set(X& member, const std::optional<X>& option) {
  if (option) member = *option;
}

// What all methods that learn have in common.
template <typename MethodConfig>
MethodConfig learning_config(const DetectTable& table) {
  MethodConfig config;
  set(config.limits.begin, table.limit);
  config.limits.clear = table.clear;
  set(config.warm_up, table.warm_up);
  set(config.min_spread, table.min_spread);
  if constexpr (requires { config.is_robust; }) set(config.is_robust, table.robust);
  if constexpr (requires { config.samples; }) set(config.samples, table.samples);
  return config;
}

decltype(DetectConfig::method) method_config(const DetectTable& table) {
  switch (*table.method) {
    case DetectMethod::threshold:
      return ThresholdConfig{table.above, table.below, table.hysteresis.value_or(0.0)};
    case DetectMethod::zscore: {
      auto config = learning_config<ZScoreConfig>(table);
      set(config.within, table.within);
      return config;
    }
    case DetectMethod::ewma: {
      auto config = learning_config<EwmaConfig>(table);
      set(config.weight, table.weight);
      return config;
    }
    case DetectMethod::cusum: {
      auto config = learning_config<CusumConfig>(table);
      set(config.drift, table.drift);
      config.target = table.target;
      config.spread = table.spread;
      set(config.relearns, table.relearn);
      return config;
    }
    case DetectMethod::seasonal: {
      auto config = learning_config<SeasonalConfig>(table);
      set(config.season, table.season);
      if (table.time_zone) config.time_zone = table.time_zone->text();
      set(config.memory, table.memory);
      return config;
    }
    case DetectMethod::range: {
      auto config = learning_config<RangeConfig>(table);
      set(config.smooth, table.smooth);
      return config;
    }
  }
  return {};
}

}  // namespace

std::unique_ptr<Step> read_detect(TableReader& reader, Diagnostics& diagnostics) {
  DetectOptions options;
  if (!reader.read(options)) return nullptr;
  const DetectTable& table = options.detect;
  DetectConfig config;
  config.keyed = table.keyed();
  config.value = table.value.text();
  config.method = method_config(table);
  config.lasts = table.lasts;
  config.clear_for = table.clear_for;
  config.emit = table.emit;
  config.into = table.into.text();
  StepPlaces texts = {{"key", table.key}, {"value", table.value}, {"into", table.into}};
  if (table.time_zone) texts.emplace("time_zone", *table.time_zone);
  return take_step(make_detect(config), texts, reader.table(), diagnostics);
}

ComponentDescription describe_detect(std::string_view key, std::string_view summary) {
  return describe_step<DetectOptions>(key, summary);
}

}  // namespace sluice
