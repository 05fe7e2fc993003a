// Gateway: joins everything that runs: store, engine, sources, shippers, admin.
//
//   open store -> recover state -> build sinks, shippers, engine, sources -> run until stop()
//
// A source or sink that cannot start never stops the others: it is retried and shown in status.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/metrics.h"
#include "core/result.h"
#include "gateway/configuration.h"
#include "gateway/engine.h"
#include "gateway/observed_intake.h"
#include "gateway/open_store.h"
#include "gateway/outbox_border.h"
#include "gateway/recovery.h"
#include "gateway/retrying_source.h"
#include "gateway/shipper.h"
#include "gateway/status.h"
#include "gateway/status_collector.h"
#include "storage/epochs.h"

namespace sluice {

class Gateway {
 public:
  // Opens the store and recovers. `refused` is not empty when the file on disk is bad and
  // `configuration` is the last one that worked.
  //   bad_config  the store's directory cannot be used
  static Result<std::unique_ptr<Gateway>> start(Configuration configuration, OpenStore store,
                                                std::optional<Epoch> last_epoch,
                                                std::string refused);
  ~Gateway();  // stops: no more intake, drain, commit, snapshot, settle

  // Proof of life for the watchdog: the engine has turned its loop within `limit`.
  bool is_alive(Duration limit) const;

  // A new configuration was refused: this one goes on, and status says why. Any thread.
  void refuse(std::string why) { collector_->set_refused(std::move(why)); }

  // Has a look at the pipelines' state between two beats. Any thread.
  //   try_later  the engine is busy
  Result<void> look(const EngineDesk::Look& look) const;

  // The same, to change what the store holds as a person asked. Any thread.
  Result<void> edit(const std::function<void(Engine&)>& change) {
    return look([&](const Graph&) { change(*engine_); });
  }

  GatewayStatus status() const { return collector_->collect(); }
  std::string metrics_text() const;
  bool is_ready() const;

 private:
  struct SourceRun {
    std::string name;
    std::string type;
    std::unique_ptr<SourceIntake> queue;
    std::unique_ptr<ObservedIntake> intake;  // what the source sees of it
    std::unique_ptr<RetryingSource> source;
  };
  struct SinkRun {
    std::string name;
    std::string type;
    std::uint16_t number = 0;
    std::unique_ptr<Shipper> shipper;
    std::string when_full;
  };

  explicit Gateway(OpenStore store)
      : opened_(std::move(store)), store_(opened_.get()), intake_(IntakeBounds{}) {}

  Result<void> tell_salvaged(const Head& head);
  Result<void> build(Configuration configuration, std::optional<Epoch> last_epoch);
  Result<void> start_sources(std::vector<SourcePlan> plans);
  void start_sinks(std::vector<SinkPlan> plans, const Head& head);
  void start_collector();

  SystemClock clock_;
  Metrics metrics_;
  OpenStore opened_;
  Store& store_;  // what is opened
  FrameCodec codec_;
  std::string store_id_;
  IntakeQueue intake_;
  OutboxBorder border_;
  Epoch epoch_;
  std::string refused_;
  std::string name_;
  double high_water_ = WaterMarks{}.high;
  double flash_endurance_ = 0;  // bytes
  RecoveryReport recovery_;
  Timestamp started_at_{};
  std::vector<std::string> pipeline_names_;

  std::vector<SourceRun> sources_;
  std::vector<SinkRun> sinks_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<StatusCollector> collector_;
  std::thread engine_thread_;
};

}  // namespace sluice
