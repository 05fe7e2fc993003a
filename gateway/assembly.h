// Assembly: what the engine runs of one configuration, put together.
//
//   Configuration --assemble--> Graph + EventMakers --recover_into--> as at the last commit
//
// The gateway and `sluice test` build by it alike, so that a test runs what the daemon runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/metrics.h"
#include "core/result.h"
#include "gateway/configuration.h"
#include "gateway/engine.h"
#include "gateway/event_maker.h"
#include "gateway/recovery.h"
#include "pipelines/graph.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

// One configuration's graph with the makers of its events, one a source in the same order.
struct Assembly {
  std::unique_ptr<Graph> graph;
  std::vector<std::unique_ptr<EventMaker>> makers;
  bool is_all_journaled = false;  // storage.journal.retain is set
};

// Takes pipelines, decoders and mappings out of the configuration. `metrics` null: nothing is
// counted (replay).
//   bad_config  the pipelines cannot be joined: an unknown output, a circle
Result<Assembly> assemble(Configuration& configuration, const std::string& store_id,
                          Metrics* metrics);

// Gives a fresh assembly the state of the last commit.
//   try_later  the store cannot be read
Result<RecoveryReport> recover_into(const Store& store, FrameCodec& codec,
                                    const std::string& store_id, Assembly& assembly);

// The engine's settings as the configuration has them; epoch and snapshot are the caller's.
EngineConfig engine_config(const Configuration& configuration);

// The sources of an engine; their drivers are attached later.
std::vector<EngineSource> engine_sources(std::vector<std::unique_ptr<EventMaker>> makers);

}  // namespace sluice
