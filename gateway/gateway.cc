#include "gateway/gateway.h"

#include <algorithm>

#include "core/log.h"
#include "gateway/version.h"
#include "storage/source_state.h"

namespace sluice {
namespace {

// One configuration's graph with the makers of its events.
struct Built {
  std::unique_ptr<Graph> graph;
  std::vector<std::unique_ptr<EventMaker>> makers;
};

Result<Built> build_graph(Configuration& configuration, const std::string& store_id,
                          Metrics* metrics) {
  GraphSetup setup;
  setup.gateway = configuration.gateway.name;
  setup.store_id = store_id;
  setup.metrics = metrics;
  for (const SourcePlan& source : configuration.sources)
    setup.sources.push_back({source.name, source.watermark});
  setup.pipelines = std::move(configuration.pipelines);
  Built built;
  built.graph = TRY(Graph::build(std::move(setup)));
  for (std::size_t i = 0; i < configuration.sources.size(); ++i) {
    SourcePlan& source = configuration.sources[i];
    EventMakerSetup maker;
    maker.source_name = source.name;
    maker.source_index = static_cast<std::uint16_t>(i);
    maker.gateway = configuration.gateway.name;
    maker.store_id = store_id;
    maker.decoder = std::move(source.decoder);
    maker.mapping = std::move(source.mapping);
    maker.needs_data = built.graph->needs_data(i);
    built.makers.push_back(std::make_unique<EventMaker>(std::move(maker)));
  }
  return built;
}

Result<RecoveryReport> recover_into(const Store& store, FrameCodec& codec,
                                    const std::string& store_id, Built& built) {
  std::vector<EventMaker*> makers;
  std::vector<bool> is_journaled;
  for (std::size_t i = 0; i < built.makers.size(); ++i) {
    makers.push_back(built.makers[i].get());
    is_journaled.push_back(built.graph->is_stateful(i));
  }
  return recover_state(store, codec, store_id, *built.graph, makers, is_journaled);
}

std::string time_zone_version() { return {}; }  // no named time zones are in use yet

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::start(Configuration configuration,
                                                std::unique_ptr<LmdbStore> store,
                                                std::optional<Epoch> last_epoch,
                                                std::string refused) {
  auto gateway = std::unique_ptr<Gateway>(new Gateway(std::move(store)));
  gateway->refused_ = std::move(refused);
  TRY(gateway->build(std::move(configuration), std::move(last_epoch)));
  return gateway;
}

Result<void> Gateway::build(Configuration configuration, std::optional<Epoch> last_epoch) {
  started_at_ = clock_.wall();
  name_ = configuration.gateway.name;
  for (const PipelineSetup& pipeline : configuration.pipelines)
    pipeline_names_.push_back(pipeline.name);
  store_id_ = TRY(read_or_make_store_id(*store_));
  Head head = TRY(recover_head(*store_, codec_, recovery_.damaged_records));
  const std::uint64_t damaged_positions = recovery_.damaged_records;

  const bool is_same = last_epoch && last_epoch->configuration == configuration.text &&
                       last_epoch->program_version == version;
  Built built = TRY(build_graph(configuration, store_id_, &metrics_));
  if (!last_epoch) {
    recovery_ = {};
  } else if (is_same) {
    recovery_ = TRY(recover_into(*store_, codec_, store_id_, built));
  } else {
    // Another configuration wrote the journal: recover with that one, then hand the state over.
    std::string ignored;
    auto old =
        read_configuration_text(last_epoch->configuration, last_epoch->file_name, ignored, false);
    if (!old) {
      log_error("The stored configuration cannot be read by this version: open windows begin anew",
                {{"reason", ignored}});
    } else {
      Built before = TRY(build_graph(*old, store_id_, nullptr));
      recovery_ = TRY(recover_into(*store_, codec_, store_id_, before));
      std::vector<std::string> dropped;
      TRY(transfer_state(*before.graph, *built.graph, dropped));
      for (const std::string& part : dropped) {
        log_warning("The configuration of a step with state has changed: its state is dropped",
                    {{"step", part}});
      }
    }
  }
  recovery_.damaged_records += damaged_positions;

  epoch_ = is_same ? *last_epoch : Epoch{};
  if (!is_same) {
    epoch_.number = last_epoch ? last_epoch->number + 1 : 1;
    epoch_.began = started_at_;
    epoch_.file_name = configuration.file_name;
    epoch_.configuration = configuration.text;
    epoch_.program_version = version;
    epoch_.time_zone_version = time_zone_version();
  }

  for (const SinkPlan& sink : configuration.sinks) head.sink_number(sink.name);
  const StorageSection& storage = configuration.storage;
  EngineConfig engine_config;
  engine_config.gateway = name_;
  engine_config.epoch = epoch_.number;
  engine_config.pace.commit_events = static_cast<std::size_t>(storage.commit_events);
  engine_config.pace.commit_bytes = static_cast<std::size_t>(storage.commit_bytes.bytes());
  engine_config.pace.commit_interval = storage.commit_interval;
  engine_config.pace.eager_per_second = storage.eager_commits;
  engine_config.pace.eager_burst = static_cast<double>(storage.eager_burst);
  engine_config.snapshot_max_replay = storage.snapshot.max_replay;
  engine_config.snapshot_block = recovery_.snapshot_block;
  std::vector<EngineSource> engine_sources;
  for (auto& maker : built.makers) engine_sources.push_back({std::move(maker), nullptr});
  engine_ = std::make_unique<Engine>(EngineContext{*store_, clock_, metrics_, intake_, border_},
                                     std::move(engine_config), store_id_, std::move(head),
                                     std::move(built.graph), std::move(engine_sources));
  TRY(engine_->recall_repeats());
  if (!is_same) {
    WriteBatch batch;
    put_epoch(batch, codec_, epoch_);
    TRY(trim_epochs(*store_, batch, epoch_.number));
    TRY(engine_->snapshot_now(std::move(batch)));
  }
  start_sinks(std::move(configuration.sinks), engine_->head());
  TRY(start_sources(std::move(configuration.sources)));
  engine_thread_ = std::thread([this] { engine_->run(); });
  return {};
}

void Gateway::start_sinks(std::vector<SinkPlan> plans, const Head& head) {
  for (SinkPlan& plan : plans) {
    ShipperConfig config;
    config.sink_name = plan.name;
    config.sink_number = head.sinks.find(plan.name)->second;
    config.store_id = store_id_;
    config.batch = plan.batch;
    auto sink = std::make_unique<RetryingSink>(std::move(plan.make), clock_);
    sinks_.push_back({plan.name, plan.type, config.sink_number,
                      std::make_unique<Shipper>(config, *store_, border_, clock_, metrics_,
                                                std::move(sink), head.lanes)});
  }
  border_.set_wake([this] {
    for (SinkRun& sink : sinks_) sink.shipper->wake();
  });
  for (SinkRun& sink : sinks_) sink.shipper->start();
}

Result<void> Gateway::start_sources(std::vector<SourcePlan> plans) {
  for (std::size_t i = 0; i < plans.size(); ++i) {
    SourceRun run;
    run.name = plans[i].name;
    run.type = plans[i].type;
    run.intake = std::make_unique<SourceIntake>(intake_, i);
    auto source = plans[i].make(SourceContext{run.name, *run.intake, clock_, metrics_, name_});
    if (source) {
      const auto saved =
          TRY(read_source_state(*store_, codec_, run.name, recovery_.damaged_records));
      auto started = (*source)->start(saved);
      if (started) {
        run.source = std::move(*source);
        engine_->attach(i, *run.source);
      } else {
        run.start_error = started.error().message;
      }
    } else {
      run.start_error = source.error().message;
    }
    if (!run.start_error.empty()) {
      log_error("A source cannot start; the others go on",
                {{"source", run.name}, {"reason", run.start_error}});
    }
    sources_.push_back(std::move(run));
  }
  return {};
}

Gateway::~Gateway() {
  for (SourceRun& run : sources_) {
    if (run.source) run.source->stop_intake();
  }
  if (engine_thread_.joinable()) {
    engine_->stop();
    engine_thread_.join();
  }
  sources_.clear();  // after the last settle
  border_.set_wake({});
  sinks_.clear();
}

bool Gateway::is_alive(Duration limit) const {
  return clock_.monotonic() - engine_->last_turn() < limit;
}

bool Gateway::is_ready() const {
  if (!refused_.empty() || engine_->is_blocked()) return false;
  return std::ranges::all_of(
      sources_, [](const SourceRun& run) { return run.source && run.source->status().is_running; });
}

GatewayStatus Gateway::status() const {
  GatewayStatus status;
  status.gateway = name_;
  status.version = version;
  status.now = clock_.wall();
  status.started_at = started_at_;
  status.configuration_file = epoch_.file_name;
  status.configuration_since = epoch_.began;
  status.refused = refused_;
  status.is_blocked = engine_->is_blocked();
  const StoreUsage usage = store_->usage();
  status.store_used_bytes = usage.used_bytes;
  status.store_max_bytes = usage.max_bytes;
  status.commits = metrics_.sum("sluice_store_commits_total");
  status.redelivered = metrics_.sum("sluice_engine_redelivered_messages_total");
  const Head head = engine_->head();
  status.dead_letters = head.next_dead_letter - head.first_dead_letter;
  status.damaged_records = recovery_.damaged_records;
  status.replay_differences = recovery_.differences;
  for (const SourceRun& run : sources_) {
    SourceReport report;
    report.name = run.name;
    report.type = run.type;
    report.messages = metrics_.sum("sluice_source_messages_total", {{"source", run.name}});
    report.undecodable =
        metrics_.sum("sluice_source_undecodable_messages_total", {{"source", run.name}});
    report.last_error = run.start_error;
    if (run.source) {
      const SourceStatus source = run.source->status();
      report.is_running = source.is_running;
      report.address = source.address;
      report.connections = source.connections;
      report.refused = source.refused;
      report.last_error = source.last_error;
      report.last_error_time = source.last_error_time;
    }
    status.sources.push_back(std::move(report));
  }
  for (const std::string& name : pipeline_names_) {
    PipelineReport report;
    report.name = name;
    report.in = metrics_.sum("sluice_pipeline_in_events_total", {{"pipeline", name}});
    report.out = metrics_.sum("sluice_pipeline_out_events_total", {{"pipeline", name}});
    report.failed = metrics_.sum("sluice_step_failed_events_total", {{"pipeline", name}});
    metrics_.each(
        "sluice_step_dropped_events_total", [&](const Labels& labels, std::uint64_t events) {
          if (labels[0].second == name)
            report.dropped.emplace_back(labels[1].second + ": " + labels[2].second, events);
        });
    status.pipelines.push_back(std::move(report));
  }
  for (const SinkRun& run : sinks_) {
    SinkReport report;
    report.name = run.name;
    report.type = run.type;
    const ShipperStatus shipper = run.shipper->status();
    report.is_failing = shipper.is_failing;
    report.delivered_events = shipper.events;
    report.batches = shipper.batches;
    report.rejected_events =
        metrics_.sum("sluice_sink_rejected_events_total", {{"sink", run.name}});
    if (shipper.wire_bytes > 0)
      report.compression =
          static_cast<double>(shipper.raw_bytes) / static_cast<double>(shipper.wire_bytes);
    report.last_delivery = shipper.last_delivery;
    report.last_error = shipper.last_error;
    report.last_error_time = shipper.last_error_time;
    for (const auto& [lane, state] : head.lanes) {
      if (lane.sink == run.number) report.backlog_events += state.next - state.shipped;
    }
    status.sinks.push_back(std::move(report));
  }
  return status;
}

void Gateway::update_gauges() const {
  const GatewayStatus now = status();
  metrics_.gauge("sluice_store_used_bytes", "Bytes of the store that hold live data.")
      .set(static_cast<double>(now.store_used_bytes));
  metrics_.gauge("sluice_store_max_bytes", "storage.max_size.")
      .set(static_cast<double>(now.store_max_bytes));
  metrics_.gauge("sluice_store_blocked", "1 while the store is full and sources wait.")
      .set(now.is_blocked ? 1 : 0);
  metrics_
      .gauge("sluice_configuration_refused",
             "1 while the file on disk is refused and an older configuration runs.")
      .set(now.refused.empty() ? 0 : 1);
  metrics_
      .gauge("sluice_store_damaged_records",
             "Stored records that were damaged and passed over at the start.")
      .set(static_cast<double>(now.damaged_records));
  for (const SourceReport& source : now.sources) {
    metrics_
        .gauge("sluice_source_running", "1 while the source listens or is connected.",
               {{"source", source.name}})
        .set(source.is_running ? 1 : 0);
  }
  for (const SinkReport& sink : now.sinks) {
    metrics_
        .gauge("sluice_sink_backlog_events", "Events that upstream has not acknowledged.",
               {{"sink", sink.name}})
        .set(static_cast<double>(sink.backlog_events));
    metrics_.gauge("sluice_sink_failing", "1 while the last attempt failed.", {{"sink", sink.name}})
        .set(sink.is_failing ? 1 : 0);
  }
}

std::string Gateway::metrics_text() const {
  update_gauges();
  return metrics_.render();
}

}  // namespace sluice
