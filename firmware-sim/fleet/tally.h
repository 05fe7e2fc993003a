// Tally: what a running fleet has done, and its ledger. The protocols' threads report, the main
// thread shows. Any thread may call.
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>

#include "core/result.h"
#include "firmware-sim/common/ledger.h"
#include "firmware-sim/fleet/device.h"

namespace sluice::sim {

// Latencies in buckets that grow by an eighth: a percentile is at most 13 % too high.
class Latencies {
 public:
  void add(std::int64_t milliseconds);
  std::uint64_t count() const { return count_; }
  // The upper bound of the bucket that holds the share `p` of all; 0 when there are none.
  double percentile(double p) const;

 private:
  static constexpr std::size_t bucket_count = 160;
  std::array<std::uint64_t, bucket_count> counts_{};
  std::uint64_t count_ = 0;
};

struct Counts {
  std::uint64_t measured = 0;
  std::uint64_t sent = 0;  // events on the wire at least once
  std::uint64_t acknowledged = 0;
  std::uint64_t settled = 0;     // left a device's ring
  std::uint64_t resent = 0;      // sent again because nobody answered
  std::uint64_t duplicates = 0;  // sent again on purpose
  std::uint64_t refused = 0;     // the gateway said never; the device dropped it
  std::uint64_t reconnects = 0;
  std::uint64_t skipped = 0;  // not measured: the device's ring was full
};

class Tally {
 public:
  // Opens the ledger; it holds only this run.   try_later  the file cannot be written
  Result<void> open(const std::string& ledger_path);

  void add(std::uint64_t Counts::*count, std::uint64_t amount = 1);

  // The event is acknowledged: counted, and its line written.
  void acknowledged(Protocol protocol, const Device& device, const Pending& pending,
                    std::int64_t now_ms);
  // The event leaves its device without one, or the run ends. It has no line if it was never on
  // the wire.
  void unacknowledged(Protocol protocol, const Device& device, const Pending& pending);

  Counts counts() const;
  Latencies latencies() const;
  // Flushes the ledger.   no_space  a line could not be written
  Result<void> close();

 private:
  void write(Protocol protocol, const Device& device, const Pending& pending,
             std::optional<std::int64_t> acked_ms);

  mutable std::mutex mutex_;
  std::ofstream ledger_;  // this and below: guarded by mutex_
  Counts counts_;
  Latencies latencies_;
};

}  // namespace sluice::sim
