#include "gateway/catalog.h"

#include <array>
#include <string>

#include "drivers/file/file_sink.h"
#include "drivers/http/module.h"
#include "drivers/mqtt/sink/module.h"
#include "gateway/common_options.h"
#include "gateway/detect_options.h"
#include "gateway/driver_options.h"
#include "gateway/missing_module.h"
#include "gateway/ordered_step_options.h"
#include "gateway/signal_step_options.h"
#include "gateway/step_options.h"
#include "gateway/stream_step_options.h"
#include "gateway/window_options.h"

namespace sluice {
namespace {

// A sink whose configuration struct has a describe() of its own.
template <typename Config>
ComponentDescription describe_sink(std::string_view type, std::string_view summary) {
  return describe_component<Config>("sink", std::string(type), std::string(summary));
}

std::optional<MakeSink> read_http_sink(TableReader& reader, Diagnostics& diagnostics) {
  HttpSinkConfig config;
  if (!reader.read(config)) return std::nullopt;
  warn_if_missing(HttpModule::name, reader.table(), diagnostics);
  return [config](const Clock&) -> Result<std::unique_ptr<Sink>> {
    return TRY(load_module<HttpModule>())->make_sink(config);
  };
}

std::optional<MakeSink> read_file_sink(TableReader& reader, Diagnostics&) {
  FileSinkConfig config;
  if (!reader.read(config)) return std::nullopt;
  return [config](const Clock& clock) -> Result<std::unique_ptr<Sink>> {
    return std::unique_ptr<Sink>(std::make_unique<FileSink>(config, clock));
  };
}

std::optional<MakeSink> read_mqtt_sink(TableReader& reader, Diagnostics& diagnostics) {
  MqttSinkConfig config;
  if (!reader.read(config)) return std::nullopt;
  warn_if_missing(MqttSinkModule::name, reader.table(), diagnostics);
  return [config](const Clock& clock) -> Result<std::unique_ptr<Sink>> {
    return TRY(load_module<MqttSinkModule>())->make_sink(config, clock);
  };
}

constexpr std::array sources = {
    SourceType{"coap",
               "CoAP over UDP: devices POST or PUT, and are answered 2.04 after the commit.",
               describe_coap_source, read_coap_source},
    SourceType{"mqtt",
               "MQTT 3.1.1 and 5: devices connect to the gateway, and get PUBACK after the commit.",
               describe_mqtt_source, read_mqtt_source},
};

constexpr std::array sinks = {
    SinkType{"file", "Rotating files, synced before a batch counts as delivered.",
             describe_sink<FileSinkConfig>, read_file_sink},
    SinkType{"http", "POSTs batches of CloudEvents.", describe_sink<HttpSinkConfig>,
             read_http_sink},
    SinkType{"mqtt", "Publishes batches over MQTT 5 at QoS 1.", describe_sink<MqttSinkConfig>,
             read_mqtt_sink},
};

constexpr std::array steps = {
    StepType{"absence", "Tells when a key has fallen silent, and when it is back.",
             describe_absence, read_absence},
    StepType{"changed", "Lets an event pass when a value of its key has changed.", describe_changed,
             read_changed},
    StepType{"deadband", "Lets a number pass when it is far enough from the last that did.",
             describe_deadband, read_deadband},
    StepType{"debounce", "Of a burst of events lets the last one leave, once it is over.",
             describe_debounce, read_debounce},
    StepType{"dedupe", "Drops events that came before.", describe_dedupe, read_dedupe},
    StepType{"detect", "Tells when a number is unusual: an alarm begins, an alarm ends.",
             describe_detect, read_detect},
    StepType{"fill", "Gives a regular series the events that it misses.", describe_fill, read_fill},
    StepType{"enrich", "Adds what a table says of the event.", describe_enrich, read_enrich},
    StepType{"filter", "Lets events pass for which a condition is true.", describe_filter,
             read_filter},
    StepType{"join", "Makes an event of each two with the same key that lie close in time.",
             describe_join, read_join},
    StepType{"map", "Sets, renames and removes fields.", describe_map, read_map},
    StepType{"merge", "Makes one event of several that each tell a part.", describe_merge,
             read_merge},
    StepType{"route", "Sends events to named outputs by condition.", describe_route, read_route},
    StepType{"sample", "Lets every n-th event pass, or one in each interval.", describe_sample,
             read_sample},
    StepType{"sequence", "Finds events that follow each other within a time.", describe_sequence,
             read_sequence},
    StepType{"sort", "Puts events into the order of their times.", describe_sort, read_sort},
    StepType{"split", "Makes an event of each element of a list.", describe_split, read_split},
    StepType{"swinging_door",
             "Drops events that lie on straight lines between others, within an error bound.",
             describe_swinging_door, read_swinging_door},
    StepType{"throttle", "Lets at most so many events pass in an interval.", describe_throttle,
             read_throttle},
    StepType{"validate", "Lets events pass whose data is what a JSON Schema says.",
             describe_validate, read_validate},
    StepType{"view", "Remembers the last event of each key, for people and programs to ask.",
             describe_view, read_view},
    StepType{"window", "Summarises events of the same key in spans of event time.", describe_window,
             read_window},
};

template <typename Section>
ComponentDescription describe_section(std::string name, std::string summary) {
  return describe_component<Section>("section", std::move(name), std::move(summary));
}

}  // namespace

std::span<const SourceType> source_types() { return sources; }
std::span<const SinkType> sink_types() { return sinks; }
std::span<const StepType> step_types() { return steps; }

std::vector<ComponentDescription> describe_all() {
  std::vector<ComponentDescription> all;
  all.push_back(describe_section<GatewaySection>("gateway", "The box."));
  all.push_back(describe_section<StorageSection>("storage", "The durable store."));
  all.push_back(
      describe_section<AdminSection>("admin", "How tools and monitoring reach the gateway."));
  all.push_back(describe_section<LogSection>("log", "What is logged, to stderr."));
  all.push_back(describe_section<SourceSection>(
      "sources.NAME", "What all sources have, beside `type` and its own options."));
  all.push_back(describe_section<PipelineSection>("pipelines.NAME",
                                                  "What happens to events, and where they go."));
  all.push_back(describe_section<StepSection>(
      "pipelines.NAME.steps", "What all steps have, beside the key that says what the step does."));
  all.push_back(describe_section<SinkSection>(
      "sinks.NAME", "What all sinks have, beside `type` and its own options."));
  for (const SourceType& type : source_types())
    all.push_back(type.describe(type.type, type.summary));
  for (const StepType& type : step_types()) all.push_back(type.describe(type.key, type.summary));
  for (const SinkType& type : sink_types()) all.push_back(type.describe(type.type, type.summary));
  return all;
}

}  // namespace sluice
