// Box: one life of a gateway, from recovery to a crash or a clean stop. Puts the real parts
// together as gateway/gateway.cc does, without threads: whoever owns it gives each part its turns.
//
//   floor, meters --+--> windows (by device) --+--> cloud, archive
//                   '--> raw ------------------+
//   door -------------->/     (no step with state behind it: not journaled)
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "core/metrics.h"
#include "gateway/engine.h"
#include "gateway/outbox_border.h"
#include "gateway/recovery.h"
#include "gateway/shipper.h"
#include "tests/sim/devices.h"
#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_store.h"
#include "tests/sim/upstream.h"

namespace sluice::sim {

constexpr std::size_t source_count = 3;
constexpr std::array<const char*, source_count> source_names = {"floor", "meters", "door"};
constexpr std::array<Proof, source_count> source_proofs = {Proof::marked, Proof::own_id,
                                                           Proof::exchange};
constexpr std::size_t sink_count = 2;
constexpr std::array<const char*, sink_count> sink_names = {"cloud", "archive"};

// What differs from seed to seed and stays over all lives of a box.
struct BoxTuning {
  std::size_t max_beat_messages = 8'192;
  IntakeBounds intake;
  Duration snapshot_max_replay{};
  Duration source_idle_timeout{};
  BatchConfig batch;
  std::size_t max_in_flight = 1;
};

// What outlives the box; all lent.
struct Surroundings {
  const SimClock& clock;
  SimStore& store;
  std::array<std::vector<Device*>, source_count> devices;  // by source
  std::array<Upstream*, sink_count> upstreams;
};

class Box {
 public:
  // Recovers from the store. With `is_new_epoch` the state goes to a new graph, which is saved at
  // once, as when the configuration has changed.
  Box(const Surroundings& surroundings, const BoxTuning& tuning, bool is_new_epoch);

  const RecoveryReport& recovery() const { return recovery_; }
  Engine& engine() { return *engine_; }
  DeviceSource& source(std::size_t index) { return *sources_[index]; }
  Shipper& shipper(std::size_t index) { return *shippers_[index]; }
  const Metrics& metrics() const { return metrics_; }
  // Something waits to be taken in or written down.
  bool is_busy() const { return border_.has_acknowledgements(); }

  // A turn of the engine, as its loop makes it. False: the commit failed.
  bool beat();
  // The clean stop: no more intake, drain, commit, snapshot.
  void stop();

 private:
  struct Built;
  Built build(Metrics* metrics) const;
  RecoveryReport recover_into(Built& built);
  void start_sources(const Surroundings& surroundings);
  void start_sinks(const Surroundings& surroundings);

  const BoxTuning tuning_;
  SimStore& store_;
  const SimClock& clock_;
  Metrics metrics_;
  FrameCodec codec_;
  std::string store_id_;
  IntakeQueue intake_;
  OutboxBorder border_;
  RecoveryReport recovery_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::unique_ptr<SourceIntake>> intakes_;
  std::vector<std::unique_ptr<DeviceSource>> sources_;
  std::vector<std::unique_ptr<Shipper>> shippers_;
};

}  // namespace sluice::sim
