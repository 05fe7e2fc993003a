// SocketWorld: the real network. A socket for each device, TCP or UDP, all of them non-blocking in
// one epoll set; a clock that may run faster than ours.
#pragma once

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "firmware-sim/common/ledger.h"
#include "firmware-sim/fleet/world.h"

namespace sluice::sim {

class SocketWorld final : public World {
 public:
  struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
  };

  // `protocols` are the links'. The clock starts now. URLs may be empty when no link needs them.
  //   bad_config  a URL is wrong, a host is unknown   try_later  no descriptor is left
  static Result<std::unique_ptr<SocketWorld>> open(const std::string& mqtt_url,
                                                   const std::string& coap_url,
                                                   const std::vector<Protocol>& protocols,
                                                   double speed);
  ~SocketWorld() override;
  SocketWorld(const SocketWorld&) = delete;
  SocketWorld& operator=(const SocketWorld&) = delete;

  double now_ms() const override;
  std::int64_t wall_ms() const override;
  NodeSent send(Link link, std::span<const std::uint8_t> bytes) override;
  std::int32_t receive(Link link, std::span<std::uint8_t> room) override;
  void close(Link link) override;
  void wait(double until_ms, std::vector<Link>& ready) override;

 private:
  struct Way {
    int descriptor = -1;
    bool is_stream = false;
    bool is_readable = false;
    std::vector<std::uint8_t> unsent;  // of a stream
  };

  SocketWorld(const std::vector<Protocol>& protocols, double speed);
  bool connect(Link link);
  void watch(Link link, int operation, std::uint32_t events);
  NodeSent send_stream(Link link, std::span<const std::uint8_t> bytes);
  NodeSent send_datagram(Link link, std::span<const std::uint8_t> bytes);
  void flush(Link link);

  double speed_;
  std::chrono::steady_clock::time_point start_;
  std::int64_t start_wall_ms_;
  Address mqtt_;
  Address coap_;
  int epoll_ = -1;
  std::vector<Way> ways_;
  std::array<epoll_event, 1024> events_{};
};

}  // namespace sluice::sim
