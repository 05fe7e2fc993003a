#include "gateway/gateway.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/log.h"
#include "gateway/assembly.h"
#include "gateway/common_options.h"
#include "gateway/retrying_sink.h"
#include "gateway/version.h"
#include "storage/outbox.h"
#include "storage/source_state.h"

namespace sluice {
namespace {

// Of the zones that expressions may name, as the system has them; empty: it does not say.
std::string time_zone_version() {
  constexpr std::string_view mark = "# version ";
  std::string line;
  std::getline(std::ifstream("/usr/share/zoneinfo/tzdata.zi"), line);
  return line.starts_with(mark) ? line.substr(mark.size()) : std::string();
}

std::string_view name_of(WhenStoreFull policy) {
  for (const auto& [name, value] : enum_names(policy)) {
    if (value == policy) return name;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Gateway>> Gateway::start(Configuration configuration, OpenStore store,
                                                std::optional<Epoch> last_epoch,
                                                std::string refused) {
  auto gateway = std::unique_ptr<Gateway>(new Gateway(std::move(store)));
  gateway->refused_ = std::move(refused);
  TRY(gateway->build(std::move(configuration), std::move(last_epoch)));
  return gateway;
}

// What a damaged store had, and the salvaged one has not, is told upstream in its place.
Result<void> Gateway::tell_salvaged(const Head& head) {
  if (opened_.file->moved_aside().empty()) return {};
  BlockHeader header;
  header.block = head.next_block;
  header.wall = clock_.wall();
  header.engine_time = head.engine_time;
  header.next_sequence = head.next_sequence;
  header.gateway = name_;
  for (const auto& [lane, state] : head.lanes) {
    const std::uint64_t missing = TRY(fill_holes(store_, codec_, lane, state, header));
    if (missing > 0) {
      log_error("Events were lost in the damaged store: a gap event tells upstream",
                {{"sink", lane.sink}, {"events", missing}});
    }
  }
  return {};
}

Result<void> Gateway::build(Configuration configuration, std::optional<Epoch> last_epoch) {
  started_at_ = clock_.wall();
  name_ = configuration.gateway.name;
  high_water_ = configuration.storage.high_water / 100;
  std::error_code failure;
  const auto disk = std::filesystem::space(configuration.storage.resolved_path(), failure);
  if (!failure)
    flash_endurance_ = static_cast<double>(disk.capacity) *
                       static_cast<double>(configuration.storage.flash_cycles);
  for (const PipelineSetup& pipeline : configuration.pipelines)
    pipeline_names_.push_back(pipeline.name);
  store_id_ = TRY(read_or_make_store_id(store_, codec_));
  Head head = TRY(recover_head(store_, codec_, recovery_.damaged_records));
  const std::uint64_t damaged_positions =
      recovery_.damaged_records + opened_.file->salvaged().damaged;
  TRY(tell_salvaged(head));

  const bool is_same = last_epoch && last_epoch->configuration == configuration.text &&
                       last_epoch->files == configuration.files &&
                       last_epoch->program_version == version &&
                       last_epoch->time_zone_version == time_zone_version();
  Assembly built = TRY(assemble(configuration, store_id_, &metrics_));
  if (!last_epoch) {
    recovery_ = {};
  } else if (is_same) {
    recovery_ = TRY(recover_into(store_, codec_, store_id_, built));
  } else {
    // Another configuration wrote the journal: recover with that one, then hand the state over.
    std::string ignored;
    auto old = read_configuration_text(last_epoch->configuration, last_epoch->file_name,
                                       NamedFiles::stored(last_epoch->files), ignored, false);
    if (!old) {
      log_error("The stored configuration cannot be read by this version: open windows begin anew",
                {{"reason", ignored}});
    } else {
      Assembly before = TRY(assemble(*old, store_id_, nullptr));
      recovery_ = TRY(recover_into(store_, codec_, store_id_, before));
      std::vector<std::string> dropped;
      TRY(transfer_state(*before.graph, *built.graph, dropped));
      for (const std::string& part : dropped) {
        log_warning("The configuration of a step with state has changed: its state is dropped",
                    {{"step", part}});
      }
    }
  }
  recovery_.damaged_records += damaged_positions;
  for (std::string& key : recovery_.damaged_keys) border_.report_damage(std::move(key));

  epoch_ = is_same ? *last_epoch : Epoch{};
  if (!is_same) {
    epoch_.number = last_epoch ? last_epoch->number + 1 : 1;
    epoch_.began = started_at_;
    epoch_.file_name = configuration.file_name;
    epoch_.configuration = configuration.text;
    epoch_.files = configuration.files;
    epoch_.program_version = version;
    epoch_.time_zone_version = time_zone_version();
  }

  for (const SinkPlan& sink : configuration.sinks) head.sink_number(sink.name);
  EngineConfig config = engine_config(configuration);
  config.epoch = epoch_.number;
  config.snapshot_block = recovery_.snapshot_block;
  engine_ = std::make_unique<Engine>(
      EngineContext{store_, clock_, metrics_, intake_, border_}, std::move(config), store_id_,
      std::move(head), std::move(built.graph), engine_sources(std::move(built.makers)));
  TRY(engine_->recall_repeats());
  if (!is_same) {
    WriteBatch batch;
    put_epoch(batch, codec_, epoch_);
    TRY(trim_epochs(store_, batch, epoch_.number));
    TRY(engine_->snapshot_now(std::move(batch)));
  }
  start_sinks(std::move(configuration.sinks), engine_->head());
  TRY(start_sources(std::move(configuration.sources)));
  start_collector();
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
                      std::make_unique<Shipper>(config, store_, border_, clock_, metrics_,
                                                std::move(sink), head.lanes),
                      std::string(name_of(plan.retention.when_full))});
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
    run.queue = std::make_unique<SourceIntake>(intake_, i);
    run.intake = std::make_unique<ObservedIntake>(*run.queue);
    run.source = std::make_unique<RetryingSource>(
        std::move(plans[i].make), SourceContext{run.name, *run.intake, clock_, metrics_, name_});
    const auto saved = TRY(read_source_state(store_, codec_, run.name, recovery_.damaged_records));
    engine_->attach(i, *run.source);
    sources_.push_back(std::move(run));
    TRY(sources_.back().source->start(saved));
  }
  return {};
}

void Gateway::start_collector() {
  GatewayStatus constant;
  constant.gateway = name_;
  constant.version = version;
  constant.started_at = started_at_;
  constant.configuration_file = epoch_.file_name;
  constant.configuration_since = epoch_.began;
  constant.refused = refused_;
  constant.damaged_records = recovery_.damaged_records;
  constant.store_moved_aside = opened_.file->moved_aside();
  constant.salvaged_records = opened_.file->salvaged().records;
  constant.replay_differences = recovery_.differences;
  StatusParts parts{clock_, metrics_, store_, *engine_, {}, {}, pipeline_names_};
  parts.encryption = opened_.decrypted.get();
  parts.high_water = high_water_;
  parts.flash_endurance_bytes = flash_endurance_;
  for (const SourceRun& run : sources_)
    parts.sources.push_back({run.name, run.type, run.source.get(), run.intake.get()});
  for (const SinkRun& run : sinks_)
    parts.sinks.push_back({run.name, run.type, run.number, run.shipper.get(), run.when_full});
  collector_ = std::make_unique<StatusCollector>(std::move(parts), std::move(constant));
}

Gateway::~Gateway() {
  collector_.reset();
  for (SourceRun& run : sources_) run.source->stop_intake();
  if (engine_thread_.joinable()) {
    engine_->stop();
    engine_thread_.join();
  }
  sources_.clear();  // after the last settle
  border_.set_wake({});
  sinks_.clear();
}

Result<void> Gateway::look(const EngineDesk::Look& look) const {
  constexpr Duration limit = std::chrono::seconds(2);
  return engine_->look(look, limit);
}

bool Gateway::is_alive(Duration limit) const {
  return clock_.monotonic() - engine_->last_turn() < limit;
}

bool Gateway::is_ready() const {
  if (!collector_->refused().empty() || engine_->is_blocked()) return false;
  return std::ranges::all_of(sources_,
                             [](const SourceRun& run) { return run.source->status().is_running; });
}

std::string Gateway::metrics_text() const {
  collector_->update_gauges();
  return metrics_.render();
}

}  // namespace sluice
