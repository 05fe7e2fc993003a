// Tally: what a running fleet has done, and its ledger.
#pragma once

#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>

#include "core/result.h"
#include "firmware-sim/common/ledger.h"

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

// Of readings, unless it says otherwise.
struct Counts {
  std::uint64_t measured = 0;
  std::uint64_t suppressed = 0;  // of these: within the deadband, so not kept
  std::uint64_t skipped = 0;     // of these: the device's ring was full
  std::uint64_t wiped = 0;       // of these: lost in the device with its ring's memory, never sent
  std::uint64_t sent = 0;        // on the wire at least once
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;       // the gateway said never (4.13); the device dropped it
  std::uint64_t malformed = 0;     // of `sent`: in a payload that does not decode
  std::uint64_t resent = 0;        // messages sent again because nobody answered
  std::uint64_t duplicates = 0;    // messages sent again on purpose
  std::uint64_t lost_packets = 0;  // datagrams lost on purpose, either way
  std::uint64_t late_packets = 0;  // datagrams held back on purpose
  std::uint64_t cuts = 0;          // connections broken on purpose
  std::uint64_t reconnects = 0;    // connections after the first of each device and boot
  std::uint64_t reboots = 0;
};

// A reading that is on the wire.
struct SentReading {
  std::uint32_t boot = 0;
  std::uint32_t seq = 0;
  std::int64_t sent_ms = 0;  // wall
  Expect expect = Expect::deliver;
};

class Tally {
 public:
  // Opens the ledger; it holds only this run.   try_later  the file cannot be written
  Result<void> open(const std::string& ledger_path);

  Counts counts;

  // The reading is acknowledged: counted, and its line written.
  void acknowledged(Protocol protocol, const std::string& device, const SentReading& reading,
                    std::int64_t now_ms);
  // The reading leaves its device without, or the run ends.
  void unacknowledged(Protocol protocol, const std::string& device, const SentReading& reading);

  const Latencies& latencies() const { return latencies_; }
  // Flushes the ledger.   no_space  a line could not be written
  Result<void> close();

 private:
  void write(Protocol protocol, const std::string& device, const SentReading& reading,
             std::optional<std::int64_t> acked_ms);

  std::ofstream ledger_;
  Latencies latencies_;
};

}  // namespace sluice::sim
