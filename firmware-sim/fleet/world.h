// World: the time and the network of a fleet, handed in. SocketWorld is the real one; a test has
// one whose clock stands until it is moved.
//
// Fleet time is milliseconds since the run's start; it may run faster than ours (`speed`).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "firmware-sim/node/port.h"

namespace sluice::sim {

class World {
 public:
  using Link = std::uint32_t;  // a device's way to the gateway: its position in the fleet

  virtual ~World() = default;

  virtual double now_ms() const = 0;
  virtual std::int64_t wall_ms() const = 0;  // ours, since 1970

  // As NodePort.send and NodePort.receive (port.h), without their `size` 0.
  virtual NodeSent send(Link link, std::span<const std::uint8_t> bytes) = 0;
  virtual std::int32_t receive(Link link, std::span<std::uint8_t> room) = 0;
  // Ends a connection: the next send() makes a new one. A datagram socket keeps its address and
  // loses what has arrived.
  virtual void close(Link link) = 0;

  // Until something arrives or `until_ms`. Appends the links that have something to receive.
  virtual void wait(double until_ms, std::vector<Link>& ready) = 0;
};

}  // namespace sluice::sim
