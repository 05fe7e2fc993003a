// BatchCutter: cuts one lane of an outbox into batches ready to send. Shipper's thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "drivers/codecs/cloudevents.h"
#include "storage/frame.h"
#include "storage/head.h"
#include "storage/outbox.h"

namespace sluice {

struct BatchConfig {
  std::uint64_t max_events = 1'000;
  std::uint64_t max_bytes = 256 * 1024;  // before compression
  Duration max_age = std::chrono::seconds(5);
  Frame frame = Frame::ndjson;
  bool compress = true;
};

struct CutBatch {
  std::uint64_t first = 0;  // lane sequences [first, end)
  std::uint64_t end = 0;
  std::uint64_t events = 0;
  std::size_t raw_bytes = 0;
  std::string body;
  std::vector<std::string> damaged_keys;  // of records in whose place is a gap event
};

class BatchCutter {
 public:
  // `sequence` is the first one that upstream has not acknowledged.
  BatchCutter(const Store& store, LaneId lane, std::string store_id, BatchConfig config,
              std::uint64_t sequence)
      : reader_(store, lane, store_id),
        store_id_(std::move(store_id)),
        config_(config),
        next_(sequence),
        filled_to_(sequence) {}

  // The next batch when it is full, or when its oldest event has waited for max_age; else nothing.
  // `end` is the lane's sequence after the last committed one, `now` monotonic. A damaged record
  // is stepped over, with a gap event in its place.
  Result<std::optional<CutBatch>> cut(std::uint64_t end, Duration now);

  // What is known of the clocks of this and earlier boots. Times that a clock gave to events before
  // it was right are corrected on the way out, and marked ("timequality").
  void set_boot_clocks(std::vector<BootClock> clocks) { boot_clocks_ = std::move(clocks); }

  // When a batch that is not full falls due (monotonic); nothing when none is waiting.
  std::optional<Duration> due_at() const;

 private:
  Result<void> fill(std::uint64_t end);
  bool is_full() const {
    return events_ >= config_.max_events || text_.size() >= config_.max_bytes;
  }
  void add(const Event& event);
  void add_stamped(Event event, const BlockHeader& header);
  void add_gap(const Gap& gap, const BlockHeader& header);
  CutBatch finish();

  OutboxReader reader_;
  FrameCodec codec_;
  const std::string store_id_;
  const BatchConfig config_;

  std::vector<BootClock> boot_clocks_;

  OutboxReader::Found current_;  // the record that filled_to_ lies in; its texts belong to reader_

  // The batch that is being filled: lane sequences [next_, filled_to_).
  std::uint64_t next_;
  std::uint64_t filled_to_;
  std::uint64_t events_ = 0;
  std::string text_;
  std::vector<std::string> damaged_keys_;
  std::optional<Duration> waiting_since_;  // since when events have been waiting for a full batch
};

}  // namespace sluice
