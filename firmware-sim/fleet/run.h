// A run of the whole fleet: devices over both protocols at a rate, a live line, a ledger, a report.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/result.h"
#include "firmware-sim/fleet/tally.h"

namespace sluice::sim {

struct RunOptions {
  std::string mqtt_url;  // empty: no device speaks MQTT
  std::string coap_url;  // empty: no device speaks CoAP
  std::uint32_t devices = 20;
  double rate = 100;  // events per second of all devices together
  std::chrono::duration<double> seconds{10};
  std::uint64_t seed = 1;
  std::string ledger;
  int qos = 1;
  double duplicates = 0;                        // share of events that are sent twice
  double bad = 0;                               // share of events whose payload is no JSON
  double filtered = 0.02;                       // share of events from a stuck sensor
  std::chrono::duration<double> clock_skew{0};  // each device is off by up to this, either way
  std::chrono::duration<double> drain{30};      // for the last acknowledgements
  std::chrono::duration<double> day{600};       // of the signals
  bool is_quiet = false;
  std::string status_file;
};

struct RunReport {
  Counts counts;
  double seconds = 0;
  std::uint64_t unacknowledged = 0;  // sent, and nobody answered
  std::uint64_t unsent = 0;          // measured, and never on the wire
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
};

// Runs to the end, or until SIGINT or SIGTERM (the rings are drained then too; a second one ends
// that).   bad_config  the options cannot be met   try_later, no_space  the ledger or a socket
Result<RunReport> run_fleet(const RunOptions& options);

std::string to_text(const RunReport& report);
std::string to_json(const RunReport& report);

}  // namespace sluice::sim
