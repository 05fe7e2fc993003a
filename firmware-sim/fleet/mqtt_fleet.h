// MqttFleet: the devices that speak MQTT 3.1.1, each one an Eclipse Paho client of its own.
//
//   Paho's thread --news--> inbox --> run() on the fleet's own thread --publish--> Paho
//
// Paho keeps what is in flight while a connection is gone and, when the gateway still has the
// session, sends it again with DUP and the old packet id. When the session is gone too, the device
// sends from its own ring as new messages.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "firmware-sim/common/endpoint.h"
#include "firmware-sim/fleet/device.h"
#include "firmware-sim/fleet/run_clock.h"
#include "firmware-sim/fleet/schedule.h"
#include "firmware-sim/fleet/tally.h"

namespace sluice::sim {

class MqttInbox;
class MqttLink;

struct MqttFleetOptions {
  Endpoint gateway;
  std::uint64_t seed = 1;
  int qos = 1;
  double duplicates = 0;  // share of events that are published twice
};

class MqttFleet {
 public:
  // Paho serves all clients of a process on one thread and polls all their sockets each time.
  static constexpr std::size_t max_devices = 500;

  // `clock` and `tally` are lent.
  MqttFleet(const MqttFleetOptions& options, std::vector<Device> devices, Schedule schedule,
            const RunClock& clock, Tally& tally);
  ~MqttFleet();  // disconnects

  // Measures, sends and drains until the run is over, then reports what is left.
  void run();

 private:
  void measure_due();
  void take_news(RunClock::Offset wait);
  void pump(MqttLink& link);
  bool is_drained() const;

  MqttFleetOptions options_;
  Schedule schedule_;
  const RunClock& clock_;
  Tally& tally_;
  std::unique_ptr<MqttInbox> inbox_;
  std::vector<std::unique_ptr<MqttLink>> links_;
};

}  // namespace sluice::sim
