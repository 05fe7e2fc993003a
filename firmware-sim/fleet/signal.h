// SensorSignal: what one sensor reads, event by event.
//
//   temperature = place of the device + day and night + drift + noise + now and then a spike
//
// A pure function of seed, device and seq: readings can be made again for a repeat, and a run gives
// the same values whatever the network does. A share of the events is wrong on purpose.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "firmware-sim/common/ledger.h"

namespace sluice::sim {

struct SignalOptions {
  std::uint64_t seed = 1;
  double stuck = 0.02;  // share of events with a stuck sensor, in bursts: the filter drops them
  double bad = 0.0;     // share of events whose payload is no JSON
  std::chrono::duration<double> day{600.0};   // a simulated day is short, so that a run shows one
  std::chrono::duration<double> interval{1};  // between two events of a device
};

struct Reading {
  double temperature = 0;  // degrees Celsius, two decimals
  double humidity = 0;     // percent, one decimal
  Expect expect = Expect::deliver;
};

class SensorSignal {
 public:
  SensorSignal(const SignalOptions& options, std::uint32_t device);

  // `seq` starts at 1. Good readings lie in [-35, 80], stuck ones outside (-40, 85).
  Reading at(std::uint64_t seq) const;

 private:
  double noise(const char* purpose, std::uint64_t seq) const;  // bell-shaped around 0, |.| <= 2

  SignalOptions options_;
  std::uint32_t device_;
  double base_;   // the device's place: cold store, hall, machine
  double swing_;  // half the difference between day and night
  double phase_;  // of the day at seq 0, in days
  double drift_per_day_;
};

// The payload of a reading measured at `measured_ms` by the device's own clock. A rejected one is
// cut short, plain text, wrong in a literal or not UTF-8.
std::string payload_of(const Reading& reading, const std::string& device, std::uint64_t seq,
                       std::int64_t measured_ms);

}  // namespace sluice::sim
