// What a run says of itself: the line while it runs, and the summary.
#pragma once

#include <cstdint>
#include <string>

#include "firmware-sim/fleet/fleet.h"
#include "firmware-sim/fleet/tally.h"

namespace sluice::sim {

struct RunReport {
  Counts counts;
  std::uint64_t devices = 0;
  double seconds = 0;                // ours
  double cpu_seconds = 0;            // of this process
  std::uint64_t unacknowledged = 0;  // sent, and nobody answered
  std::uint64_t unsent = 0;          // kept, and never on the wire
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;

  double events_per_second() const {
    return seconds > 0 ? static_cast<double>(counts.acknowledged) / seconds : 0;
  }
};

// `seconds` since the run's start, ours.
RunReport report_of(const Tally& tally, std::uint64_t devices, double seconds);

std::string to_text(const RunReport& report);
std::string to_json(const RunReport& report);

// One line, made a few times a second; it remembers the last, for the events in a second.
class LiveText {
 public:
  std::string next(const Fleet& fleet, const Tally& tally, double seconds);

 private:
  double last_seconds_ = 0;
  std::uint64_t last_acknowledged_ = 0;
  double rate_ = -1;
};

}  // namespace sluice::sim
