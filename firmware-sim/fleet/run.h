// A run of a fleet against a real gateway: a live line, a ledger, a report.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/result.h"
#include "firmware-sim/fleet/fleet_file.h"
#include "firmware-sim/fleet/report.h"

namespace sluice::sim {

// A fleet without a file: alike devices, one reading of temperature and humidity at a time, in
// plain JSON. Every other one speaks CoAP when both URLs are there.
struct FlagOptions {
  std::string mqtt_url;  // empty: no device speaks MQTT
  std::string coap_url;  // empty: no device speaks CoAP
  std::uint32_t devices = 20;
  double rate = 100;  // events per second of all devices together
  std::chrono::duration<double> seconds{10};
  double duplicates = 0;                        // share of events that are sent twice
  double bad = 0;                               // share of events whose payload is no JSON
  double filtered = 0.02;                       // share of events from a stuck sensor
  std::chrono::duration<double> clock_skew{0};  // each device is off by up to this, either way
  std::chrono::duration<double> day{600};       // of the signals
};

//   bad_config  the options cannot be met
Result<FleetSpec> fleet_of(const FlagOptions& options);

struct ShowOptions {
  bool is_quiet = false;
  std::string status_file;
};

// Runs to the end, or until SIGINT or SIGTERM (the rings are drained then too; a second one ends
// that).   bad_config  the fleet cannot run here   try_later, no_space  the ledger or a socket
Result<RunReport> run_fleet(const FleetSpec& spec, const ShowOptions& show);

}  // namespace sluice::sim
