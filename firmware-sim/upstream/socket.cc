#include "firmware-sim/upstream/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace sluice::sim {
namespace {

constexpr int listen_backlog = 128;
constexpr int attempts_per_port = 50;

Error failed(const std::string& what) {
  return {ErrorKind::try_later, what + ": " + std::strerror(errno)};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool bind_loopback(const Socket& socket, std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  return ::bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) == 0;
}

}  // namespace

Socket::Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

void Socket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Result<Socket> open_listener(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(endpoint.port);
  if (::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &list) != 0) {
    return Error{ErrorKind::bad_config, endpoint.host + ": no such host"};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> found(list, ::freeaddrinfo);

  Socket socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return failed("no socket");
  const int yes = 1;  // the port is ours again at once after it was down
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (::bind(socket.descriptor(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(socket.descriptor(), listen_backlog) != 0) {
    return failed(endpoint.authority());
  }
  return socket;
}

std::uint16_t port_of(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Result<std::vector<std::uint16_t>> find_free_ports(std::size_t count) {
  std::vector<Socket> held;  // so that no number comes twice
  std::vector<std::uint16_t> ports;
  for (int attempt = 0; ports.size() < count; ++attempt) {
    if (attempt > attempts_per_port * static_cast<int>(count)) return failed("no free port");
    Socket tcp(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    Socket udp(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!tcp.is_open() || !udp.is_open()) return failed("no socket");
    if (!bind_loopback(tcp, 0)) return failed("no free port");
    const std::uint16_t port = port_of(tcp);
    if (bind_loopback(udp, port)) ports.push_back(port);
    held.push_back(std::move(tcp));
    held.push_back(std::move(udp));
  }
  return ports;
}

}  // namespace sluice::sim
