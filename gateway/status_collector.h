// StatusCollector: looks at the running parts of a gateway, for `sluice status` and for /metrics.
//
//   every second: sources that work again --> log
//   every 5 s:    counters, store --sample--> trends (messages/s, growth)
//   when asked:   parts + trends --> GatewayStatus --> gauges
//
// The samples are taken by a thread of its own, asked or not, so that a rate is known at once.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/metrics.h"
#include "drivers/source.h"
#include "gateway/backpressure.h"
#include "gateway/engine.h"
#include "gateway/observed_intake.h"
#include "gateway/shipper.h"
#include "gateway/status.h"
#include "gateway/trend.h"
#include "storage/encrypted_store.h"
#include "storage/store.h"

namespace sluice {

struct WatchedSource {
  std::string name;
  std::string type;
  const Source* source = nullptr;
  const ObservedIntake* intake = nullptr;
};

struct WatchedSink {
  std::string name;
  std::string type;
  std::uint16_t number = 0;
  const Shipper* shipper = nullptr;
  std::string when_full;
};

// All lent; they outlive the collector.
struct StatusParts {
  const Clock& clock;
  Metrics& metrics;
  const Store& store;
  const Engine& engine;
  std::vector<WatchedSource> sources;
  std::vector<WatchedSink> sinks;
  std::vector<std::string> pipelines;
  const EncryptedStore* encryption = nullptr;  // null: the store is not encrypted
  double flash_endurance_bytes = 0;            // of the disk that holds the store
  double high_water = WaterMarks{}.high;       // as a share of the store: full
};

class StatusCollector {
 public:
  // `constant` has what does not change while the gateway runs: names, configuration, what the
  // recovery found.
  StatusCollector(StatusParts parts, GatewayStatus constant);
  ~StatusCollector();  // stops its thread

  // Any thread.
  GatewayStatus collect() const;
  // Why the file on disk is not in force (a reload that was refused); empty: it is. Any thread.
  void set_refused(std::string why);
  std::string refused() const;
  // Sets the gauges that are told from outside the parts.
  void update_gauges() const;

 private:
  void run();
  void sample();
  void log_recoveries();
  SourceReport report(const WatchedSource& source, const Trend& messages) const;
  PipelineReport report(const std::string& pipeline) const;
  SinkReport report(const WatchedSink& sink, const Head& head, FrameCodec& codec) const;

  const StatusParts parts_;
  const GatewayStatus constant_;
  std::vector<bool> had_failed_;  // by source: it did not work when it was last looked at

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  // Guarded by mutex_.
  std::string refused_;
  std::vector<Trend> source_messages_;  // by source
  std::vector<Trend> sink_backlogs_;    // events, by sink
  Trend store_bytes_;
  bool is_stopping_ = false;

  std::thread thread_;
};

}  // namespace sluice
