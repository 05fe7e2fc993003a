#include "drivers/coap/udp_endpoint.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <optional>
#include <vector>

#include "core/log.h"

namespace sluice {
namespace {

// libcoap keeps its sockets to itself, but the kernel lists what its epoll watches.
std::vector<int> watched_by(int epoll_fd) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(epoll_fd));
  std::vector<int> watched;
  for (std::string word; info >> word;) {
    int fd = -1;
    if (word == "tfd:" && info >> fd) watched.push_back(fd);
  }
  return watched;
}

std::optional<SocketAddress> bound_address(int fd) {
  SocketAddress address;
  std::memset(&address, 0, sizeof address);
  socklen_t size = sizeof address;
  if (getsockname(fd, &address.any, &size) != 0) return std::nullopt;
  const bool is_internet = address.any.sa_family == AF_INET || address.any.sa_family == AF_INET6;
  return is_internet ? std::optional(address) : std::nullopt;
}

// The forced form passes the system's limit where we may (CAP_NET_ADMIN).
void raise_receive_buffer(int fd, std::size_t bytes) {
  const int size = static_cast<int>(std::min<std::size_t>(bytes, INT_MAX / 2));
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  }
}

std::string explain(int reason) {
  switch (reason) {
    case EADDRINUSE:
      return "another process has this port (ss -lnup shows which); end it, or change 'listen'";
    case EADDRNOTAVAIL:
      return "no interface of this box has the address (yet): ip address shows those it has";
    case EACCES:
      return "ports below 1024 need the capability CAP_NET_BIND_SERVICE; take a higher one";
    default:
      return std::strerror(reason);
  }
}

Error cannot_listen(const SocketAddress& address, int reason) {
  return Error{ErrorKind::try_later,
               "cannot listen on coap://" + to_text(address.any) + ": " + explain(reason)};
}

socklen_t size_of(const SocketAddress& address) {
  return address.any.sa_family == AF_INET6 ? sizeof address.v6 : sizeof address.v4;
}

// libcoap sets SO_REUSEADDR, and with it Linux lets two UDP sockets share a port: one of the two
// would hear nothing. Binding once without it tells whether the port is free, and why not.
Result<void> check_free(const SocketAddress& address) {
  const int fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return cannot_listen(address, errno);
  const int both_versions = 0;
  if (address.any.sa_family == AF_INET6) {
    (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &both_versions, sizeof both_versions);
  }
  const int reason = bind(fd, &address.any, size_of(address)) == 0 ? 0 : errno;
  close(fd);
  if (reason != 0) return cannot_listen(address, reason);
  return {};
}

coap_address_t to_coap(const SocketAddress& address) {
  coap_address_t result;
  coap_address_init(&result);
  result.size = size_of(address);
  std::memcpy(&result.addr, &address, result.size);
  return result;
}

}  // namespace

Result<void> open_udp_endpoint(coap_context_t& context, SocketAddress& address,
                               std::size_t receive_buffer_bytes) {
  const int epoll_fd = coap_context_get_coap_fd(&context);
  const std::vector<int> before = watched_by(epoll_fd);
  TRY(check_free(address));
  const coap_address_t wanted = to_coap(address);
  if (coap_new_endpoint(&context, &wanted, COAP_PROTO_UDP) == nullptr) {
    return cannot_listen(address, EADDRINUSE);
  }
  for (const int fd : watched_by(epoll_fd)) {
    if (std::ranges::find(before, fd) != before.end()) continue;
    if (const auto bound = bound_address(fd)) {
      raise_receive_buffer(fd, receive_buffer_bytes);
      address = *bound;
      return {};
    }
  }
  log_warning("The CoAP socket was not found; its receive buffer stays as the system sets it",
              {{"address", to_text(address.any)}});
  return {};
}

}  // namespace sluice
