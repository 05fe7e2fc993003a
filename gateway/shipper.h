// Shipper: one per sink, one thread. Reads the sink's lanes, frames, compresses, sends, and reports
// what upstream acknowledged.
//
//   outbox --read--> batch (count, bytes, age) --Sink::submit--> upstream
//                                                  '--> OutboxBorder::acknowledge
//
// Lanes of higher priority (lower number) go first, and in a lane the oldest batch: also when they
// are sent again. Delivery is at least once, with stable event ids.
//
// While upstream fails nothing is sent during the back-off, and behind it one batch, the first in
// that order, asks whether upstream is well again; after a good answer all places of the sink are
// used again. Batches that were under way together fail together: that is one failure.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "drivers/sink.h"
#include "gateway/batch_cutter.h"
#include "gateway/outbox_border.h"
#include "storage/head.h"
#include "storage/store.h"

namespace sluice {

struct ShipperConfig {
  std::string sink_name;
  std::uint16_t sink_number = 0;
  std::string store_id;
  BatchConfig batch;
  Duration first_backoff = std::chrono::milliseconds(200);
  Duration max_backoff = std::chrono::seconds(10);
};

struct ShipperStatus {
  bool is_failing = false;    // the last answer was a failure
  std::uint64_t batches = 0;  // delivered since the start
  std::uint64_t events = 0;
  std::uint64_t wire_bytes = 0;  // of delivered bodies
  std::uint64_t raw_bytes = 0;   // the same before compression
  Timestamp last_delivery{};
  std::string last_error;  // kept after recovery, with its time
  Timestamp last_error_time{};
};

class Shipper {
 public:
  // `lanes` gives each lane's first sequence that upstream has not acknowledged.
  Shipper(ShipperConfig config, const Store& store, OutboxBorder& border, const Clock& clock,
          Metrics& metrics, std::unique_ptr<Sink> sink, const std::map<LaneId, LaneState>& lanes);
  ~Shipper();  // stops the thread; what is under way is given up and sent again after the next
               // start

  void start();
  void wake();                   // any thread
  ShipperStatus status() const;  // any thread

  // One turn, for tests that run without a thread: submits what is due, then polls once.
  void turn(Duration max_wait);

 private:
  struct Lane {
    BatchCutter cutter;
    Duration read_again_at{};  // monotonic; set when the outbox could not be read
  };
  struct Batch {
    OutgoingBatch outgoing;
    LaneId lane;
    std::uint64_t first = 0;
    std::uint64_t end = 0;
    std::size_t raw_bytes = 0;
    std::uint64_t round = 0;  // the round_ that it was submitted in
  };
  using Ticket = std::uint64_t;

  void run();
  void submit_due();
  bool may_submit() const;
  bool submit_next();
  std::optional<Batch> next_batch(LaneId id, Lane& lane);
  std::optional<Batch> cut(LaneId id, Lane& lane);
  std::optional<CutBatch> cut_events(LaneId id, Lane& lane);
  void handle(const Delivery& delivery);
  void succeed(const Batch& batch, const Delivery& delivery);
  void fail(const Batch& batch, const Delivery& delivery);
  Duration back_off();
  Duration wait_time() const;

  const ShipperConfig config_;
  OutboxBorder& border_;
  const Clock& clock_;

  // Shipper's thread only.
  std::map<LaneId, Lane> lanes_;                           // in the order of priority
  std::map<Ticket, Batch> submitted_;                      // lent to the sink
  std::map<std::pair<LaneId, Ticket>, Batch> given_back_;  // to be sent again, in this order
  Ticket next_ticket_ = 1;
  std::uint64_t round_ = 0;     // counts the failures that made us back off
  std::uint32_t failures_ = 0;  // the same since the last good answer
  Duration retry_at_{};         // monotonic; nothing is submitted before
  std::minstd_rand random_;
  RepeatedError error_log_;
  std::unique_ptr<Sink> sink_;  // wake(): any thread. Ends before the batches that it was lent

  mutable std::mutex status_mutex_;
  ShipperStatus status_;  // guarded by status_mutex_

  Counter& batches_;
  Counter& retries_;
  Counter& wire_bytes_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace sluice
