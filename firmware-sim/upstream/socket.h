// Socket: owns one descriptor. With the few calls that the test upstream needs.
#pragma once

#include <cstdint>
#include <vector>

#include "core/result.h"
#include "firmware-sim/common/endpoint.h"

namespace sluice::sim {

class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&& other) noexcept;
  ~Socket() { close(); }

  int descriptor() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  void close();

 private:
  int descriptor_ = -1;
};

// Listens on TCP without blocking; port 0 becomes a free one.
//   bad_config  the host is unknown   try_later  the port is taken
Result<Socket> open_listener(const Endpoint& endpoint);

std::uint16_t port_of(const Socket& socket);

// Port numbers that were free a moment ago on 127.0.0.1, for both TCP and UDP.
//   try_later  there are no sockets
Result<std::vector<std::uint16_t>> find_free_ports(std::size_t count);

}  // namespace sluice::sim
