#include "gateway/assembly.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {
constexpr std::uint64_t beats_per_store = 128;  // at least as many fill it
}

Result<Assembly> assemble(Configuration& configuration, const std::string& store_id,
                          Metrics* metrics) {
  GraphSetup setup;
  setup.gateway = configuration.gateway.name;
  setup.store_id = store_id;
  setup.metrics = metrics;
  for (const SourcePlan& source : configuration.sources)
    setup.sources.push_back({source.name, source.watermark});
  setup.pipelines = std::move(configuration.pipelines);
  Assembly assembly;
  assembly.is_all_journaled = configuration.storage.journal.retain > Duration{0};
  assembly.graph = TRY(Graph::build(std::move(setup)));
  for (std::size_t i = 0; i < configuration.sources.size(); ++i) {
    SourcePlan& source = configuration.sources[i];
    EventMakerSetup maker;
    maker.source_name = source.name;
    maker.source_index = static_cast<std::uint16_t>(i);
    maker.gateway = configuration.gateway.name;
    maker.store_id = store_id;
    maker.decoder = std::move(source.decoder);
    maker.mapping = std::move(source.mapping);
    maker.needs_data = assembly.graph->needs_data(i);
    maker.gate_paths = assembly.graph->gate_paths(i);
    assembly.makers.push_back(std::make_unique<EventMaker>(std::move(maker)));
  }
  std::vector<EventMaker*> makers;  // they live as long as the graph, in the engine
  makers.reserve(assembly.makers.size());
  for (const auto& maker : assembly.makers) makers.push_back(maker.get());
  assembly.graph->complete_with([makers](Event& event, Arena& arena) {
    return makers[event.source_index]->complete(event, arena);
  });
  return assembly;
}

Result<RecoveryReport> recover_into(const Store& store, FrameCodec& codec,
                                    const std::string& store_id, Assembly& assembly) {
  std::vector<EventMaker*> makers;
  std::vector<bool> is_journaled;
  for (std::size_t i = 0; i < assembly.makers.size(); ++i) {
    makers.push_back(assembly.makers[i].get());
    is_journaled.push_back(assembly.is_all_journaled || assembly.graph->is_stateful(i));
  }
  return recover_state(store, codec, store_id, *assembly.graph, makers, is_journaled);
}

EngineConfig engine_config(const Configuration& configuration) {
  const StorageSection& storage = configuration.storage;
  EngineConfig config;
  config.gateway = configuration.gateway.name;
  config.pace.commit_events = static_cast<std::size_t>(storage.commit_events);
  config.pace.commit_bytes = static_cast<std::size_t>(storage.commit_bytes.bytes());
  config.pace.commit_interval = storage.commit_interval;
  config.pace.eager_per_second = storage.eager_commits;
  config.pace.eager_burst = static_cast<double>(storage.eager_burst);
  // One beat must not carry a small store from the high water mark to its end.
  config.max_beat_bytes = static_cast<std::size_t>(std::clamp<std::uint64_t>(
      storage.max_size.bytes() / beats_per_store, 64 * 1024, config.max_beat_bytes));
  config.snapshot_max_replay = storage.snapshot.max_replay;
  config.flash_budget_per_day = storage.flash_budget_per_day();
  config.journal_retain = storage.journal.retain;
  config.marks = {storage.low_water / 100, storage.high_water / 100};
  for (const SinkPlan& sink : configuration.sinks) {
    RetentionPolicy policy = sink.retention;
    if (!policy.max_age) policy.max_age = storage.max_age;
    policy.ahead_bytes = 8 * sink.batch.max_bytes;
    if (policy.is_lossy()) config.policies.emplace(sink.name, std::move(policy));
  }
  return config;
}

std::vector<EngineSource> engine_sources(std::vector<std::unique_ptr<EventMaker>> makers) {
  std::vector<EngineSource> sources;
  sources.reserve(makers.size());
  for (auto& maker : makers) sources.push_back({std::move(maker), nullptr});
  return sources;
}

}  // namespace sluice
