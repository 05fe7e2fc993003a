// CoapFleet: the devices that speak CoAP over UDP, each one a libcoap session (a port) of its own.
//
// An event is a confirmable POST to /telemetry/<device>. libcoap retransmits it (RFC 7252 section
// 4.2); when it gives up, or the gateway is away, the device posts the event again with the message
// id and token of the first time, as long as the gateway may remember them (EXCHANGE_LIFETIME), so
// a gateway that did take it recognises the repeat. libcoap is single-threaded: one thread makes,
// runs and ends a CoapFleet.
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

struct CoapFleetOptions {
  Endpoint gateway;
  std::uint64_t seed = 1;
  double duplicates = 0;  // share of events whose datagram is sent twice
};

class CoapFleet {
 public:
  // libcoap walks all its sessions each time it looks for work.
  static constexpr std::size_t max_devices = 500;

  // `clock` and `tally` are lent.   bad_config  the host is unknown   try_later  no socket
  static Result<std::unique_ptr<CoapFleet>> open(const CoapFleetOptions& options,
                                                 std::vector<Device> devices, Schedule schedule,
                                                 const RunClock& clock, Tally& tally);
  virtual ~CoapFleet() = default;

  // Measures, sends and drains until the run is over, then reports what is left.
  virtual void run() = 0;
};

}  // namespace sluice::sim
