#include "tests/sim/box.h"

#include <utility>
#include <variant>

#include "drivers/codecs/decoder_factory.h"
#include "pipelines/windows/window.h"

namespace sluice::sim {
namespace {

constexpr const char* gateway_name = "box";
constexpr std::uint8_t window_lane = 0;  // alarms before raw data
constexpr std::uint8_t raw_lane = 1;

Expression compile(std::string_view text) {
  auto compiled = Expression::compile(text);
  CHECK(std::holds_alternative<Expression>(compiled));
  return std::move(std::get<Expression>(compiled));
}

PipelineSetup raw_pipeline() {
  PipelineSetup pipeline;
  pipeline.name = "raw";
  pipeline.from.assign(source_names.begin(), source_names.end());
  pipeline.to.assign(sink_names.begin(), sink_names.end());
  pipeline.lane = raw_lane;
  return pipeline;
}

PipelineSetup window_pipeline() {
  WindowConfig config;
  config.size = std::chrono::seconds(1);
  config.key = "subject";
  config.lateness = std::chrono::hours(1);  // nothing is ever too late: every reading counts
  config.emit = {{"n", "count()"}, {"total", "sum(data.value)"}, {"last", "max(data.seq)"}};
  auto made = make_window(config);
  CHECK(std::holds_alternative<std::unique_ptr<Step>>(made));
  StepSetup step;
  step.kind = "window";
  step.name = "window#1";
  step.config_hash = 1;
  step.step = std::move(std::get<std::unique_ptr<Step>>(made));
  PipelineSetup pipeline;
  pipeline.name = "windows";
  pipeline.from = {source_names[0], source_names[1]};
  pipeline.to.assign(sink_names.begin(), sink_names.end());
  pipeline.lane = window_lane;
  pipeline.steps.push_back(std::move(step));
  return pipeline;
}

EventMapping mapping_of(Proof proof) {
  EventMapping mapping;
  mapping.subject = compile("data.device");
  mapping.time = compile("timestamp(data.ts)");
  if (proof == Proof::own_id) mapping.id = compile("data.id");
  return mapping;
}

}  // namespace

struct Box::Built {
  std::unique_ptr<Graph> graph;
  std::vector<std::unique_ptr<EventMaker>> makers;
};

Box::Built Box::build(Metrics* metrics) const {
  GraphSetup setup;
  setup.gateway = gateway_name;
  setup.store_id = store_id_;
  setup.metrics = metrics;
  WatermarkConfig watermark;
  watermark.idle_timeout = tuning_.source_idle_timeout;
  for (const char* name : source_names) setup.sources.push_back({name, watermark});
  setup.pipelines.push_back(raw_pipeline());
  setup.pipelines.push_back(window_pipeline());
  auto graph = Graph::build(std::move(setup));
  CHECK(graph.is_ok());
  Built built{std::move(*graph), {}};
  for (std::size_t i = 0; i < source_count; ++i) {
    EventMakerSetup maker;
    maker.source_name = source_names[i];
    maker.source_index = static_cast<std::uint16_t>(i);
    maker.gateway = gateway_name;
    maker.store_id = store_id_;
    maker.decoder = make_decoder("json").value();
    maker.mapping = mapping_of(source_proofs[i]);
    maker.needs_data = built.graph->needs_data(i);
    built.makers.push_back(std::make_unique<EventMaker>(std::move(maker)));
  }
  return built;
}

RecoveryReport Box::recover_into(Built& built) {
  std::vector<EventMaker*> makers;
  std::vector<bool> is_journaled;
  for (std::size_t i = 0; i < source_count; ++i) {
    makers.push_back(built.makers[i].get());
    is_journaled.push_back(built.graph->is_stateful(i));
  }
  auto report = recover_state(store_, codec_, store_id_, *built.graph, makers, is_journaled);
  CHECK(report.is_ok());
  return *report;
}

Box::Box(const Surroundings& surroundings, const BoxTuning& tuning, bool is_new_epoch)
    : tuning_(tuning),
      store_(surroundings.store),
      clock_(surroundings.clock),
      intake_(tuning.intake) {
  auto stored_id = read_or_make_store_id(store_, codec_);
  CHECK(stored_id.is_ok());
  store_id_ = *stored_id;
  std::uint64_t damaged = 0;
  auto head = recover_head(store_, codec_, damaged);
  CHECK(head.is_ok());
  Built built = build(&metrics_);
  if (is_new_epoch) {
    Built before = build(nullptr);
    recovery_ = recover_into(before);
    std::vector<std::string> dropped;
    CHECK(transfer_state(*before.graph, *built.graph, dropped).is_ok());
    CHECK(dropped.empty());
  } else {
    recovery_ = recover_into(built);
  }
  recovery_.damaged_records += damaged;

  for (const char* name : sink_names) head->sink_number(name);
  EngineConfig config;
  config.gateway = gateway_name;
  config.epoch = 1;
  config.max_beat_messages = tuning_.max_beat_messages;
  config.snapshot_max_replay = tuning_.snapshot_max_replay;
  config.snapshot_block = recovery_.snapshot_block;
  std::vector<EngineSource> sources;
  for (auto& maker : built.makers) sources.push_back({std::move(maker), nullptr});
  engine_ = std::make_unique<Engine>(EngineContext{store_, clock_, metrics_, intake_, border_},
                                     std::move(config), store_id_, std::move(*head),
                                     std::move(built.graph), std::move(sources));
  CHECK(engine_->recall_repeats().is_ok());
  if (is_new_epoch) CHECK(engine_->snapshot_now().is_ok());
  start_sinks(surroundings);
  start_sources(surroundings);
}

void Box::start_sources(const Surroundings& surroundings) {
  for (std::size_t i = 0; i < source_count; ++i) {
    intakes_.push_back(std::make_unique<SourceIntake>(intake_, i));
    sources_.push_back(
        std::make_unique<DeviceSource>(surroundings.devices[i], *intakes_.back(), clock_));
    engine_->attach(i, *sources_.back());
  }
}

void Box::start_sinks(const Surroundings& surroundings) {
  const Head head = engine_->head();
  for (std::size_t i = 0; i < sink_count; ++i) {
    ShipperConfig config;
    config.sink_name = sink_names[i];
    config.sink_number = head.sinks.find(sink_names[i])->second;
    config.store_id = store_id_;
    config.batch = tuning_.batch;
    auto sink = std::make_unique<UpstreamSink>(*surroundings.upstreams[i], tuning_.max_in_flight);
    shippers_.push_back(std::make_unique<Shipper>(config, store_, border_, clock_, metrics_,
                                                  std::move(sink), head.lanes));
  }
}

bool Box::beat() {
  const bool has_space = engine_->housekeep().is_ok();
  return !store_.has_died() && engine_->beat().is_ok() && has_space;
}

void Box::stop() {
  for (auto& source : sources_) source->stop_intake();
  engine_->stop();
  engine_->run();
}

}  // namespace sluice::sim
