// Statistics: what the receiver shows while it runs. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "firmware-sim/common/ledger.h"

namespace sluice::sim {

struct Totals {
  std::uint64_t events = 0;
  std::uint64_t batches = 0;
  std::uint64_t refused = 0;      // batches answered with an error, or not at all
  std::uint64_t wire_bytes = 0;   // of bodies, as sent
  std::uint64_t plain_bytes = 0;  // of bodies, decompressed
};

class Statistics {
 public:
  // `wire_bytes` became `plain_bytes` with `events` in them.
  void add_batch(std::int64_t now_ms, std::uint64_t events, std::uint64_t wire_bytes,
                 std::uint64_t plain_bytes);
  void add_refusal() { ++totals_.refused; }
  // Windows of the first key seen are shown, always the latest start.
  void add_window(const WindowResult& window);

  const Totals& totals() const { return totals_; }
  // Over the last seconds.
  double events_per_second(std::int64_t now_ms) const;

  // "998 events/s | 11.3 bytes/event on the wire | zstd 9.1x | 41 batches | dev-0000 14:00:05
  // {...}"
  std::string line(std::int64_t now_ms) const;
  std::string json(std::int64_t now_ms) const;
  // "12,004 events in 41 batches | 11.3 bytes/event, zstd 9.1x", for the end.
  std::string summary() const;

 private:
  struct Arrival {
    std::int64_t at_ms;
    std::uint64_t events;
  };

  std::string costs() const;

  Totals totals_;
  mutable std::deque<Arrival> recent_;
  std::optional<WindowResult> window_;
};

}  // namespace sluice::sim
