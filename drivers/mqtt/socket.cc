#include "drivers/mqtt/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace sluice::mqtt {
namespace {

constexpr int listen_backlog = 1024;

void set_option(int fd, int level, int option) {
  const int on = 1;
  // An option that the system refuses costs speed, not correctness.
  static_cast<void>(setsockopt(fd, level, option, &on, sizeof(on)));
}

void set_stream_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  // Finds dead peers that have no keep-alive of MQTT.
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
}

std::string format_peer(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
}

}  // namespace

void FileDescriptor::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

WakeUp::WakeUp() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { CHECK(fd_.is_open()); }

void WakeUp::signal() const {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full, and then the reader is awake already.
  static_cast<void>(!write(fd_.get(), &one, sizeof(one)));
}

void WakeUp::clear() const {
  std::uint64_t count = 0;
  static_cast<void>(!read(fd_.get(), &count, sizeof(count)));
}

Transfer receive_some(int fd, std::span<char> buffer, std::size_t& count) {
  ssize_t received = 0;
  do {
    received = recv(fd, buffer.data(), buffer.size(), 0);
  } while (received < 0 && errno == EINTR);
  count = received > 0 ? static_cast<std::size_t>(received) : 0;
  if (received > 0) return Transfer::done;
  const bool is_empty = received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  return is_empty ? Transfer::would_block : Transfer::closed;
}

Transfer send_some(int fd, std::string& bytes) {
  std::size_t sent = 0;
  Transfer outcome = Transfer::done;
  while (sent < bytes.size()) {
    const ssize_t count = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    outcome = errno == EAGAIN || errno == EWOULDBLOCK ? Transfer::would_block : Transfer::closed;
    break;
  }
  bytes.erase(0, sent);
  return outcome;
}

void close_gently(FileDescriptor& socket, std::span<char> scratch) {
  constexpr int max_reads = 16;
  shutdown(socket.get(), SHUT_WR);
  std::size_t count = 0;
  for (int i = 0; i < max_reads; ++i) {
    if (receive_some(socket.get(), scratch, count) != Transfer::done) break;
  }
  socket.close();
}

Result<FileDescriptor> listen_on(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  const std::string host = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  const std::string port = std::to_string(endpoint.port);
  addrinfo* found = nullptr;
  const int failure = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
  if (failure != 0) {
    return Error{ErrorKind::bad_config,
                 "'" + host + "' is not an address of this machine: " + gai_strerror(failure)};
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  FileDescriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Error{ErrorKind::try_later, system_error("no socket", errno)};
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      listen(socket.get(), listen_backlog) != 0) {
    return Error{ErrorKind::try_later,
                 system_error("cannot listen on " + format_endpoint(endpoint), errno)};
  }
  return socket;
}

std::uint16_t local_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

Accepted accept_one(int listening_fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  const int fd = accept4(listening_fd, reinterpret_cast<sockaddr*>(&address), &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
  Accepted accepted{FileDescriptor(fd), {}, 0};
  if (fd < 0) {
    // A connection that was given up before we came to it is none.
    const bool is_none =
        errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED;
    accepted.error = is_none ? 0 : errno;
    return accepted;
  }
  set_stream_options(fd);
  accepted.peer = format_peer(address);
  return accepted;
}

Result<FileDescriptor> begin_connect(const SocketAddress& address) {
  FileDescriptor socket(::socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Error{ErrorKind::try_later, system_error("no socket", errno)};
  set_stream_options(socket.get());
  const auto* to = reinterpret_cast<const sockaddr*>(address.bytes.data());
  if (connect(socket.get(), to, static_cast<socklen_t>(address.bytes.size())) != 0 &&
      errno != EINPROGRESS) {
    return Error{ErrorKind::try_later, system_error("cannot connect", errno)};
  }
  return socket;
}

int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

std::string system_error(std::string_view what, int error) {
  return std::string(what) + ": " + std::error_code(error, std::generic_category()).message();
}

}  // namespace sluice::mqtt
