// File descriptors that close themselves, and the few socket calls that this driver needs.
// Nothing here blocks.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "drivers/mqtt/endpoint.h"

namespace sluice::mqtt {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// WakeUp: an eventfd. signal() may be called by any thread.
class WakeUp {
 public:
  WakeUp();
  int fd() const { return fd_.get(); }
  void signal() const;
  void clear() const;

 private:
  FileDescriptor fd_;
};

enum class Transfer : std::uint8_t { done, would_block, closed };

// Receives what is there, up to the size of `buffer`; `count` says how much.
Transfer receive_some(int fd, std::span<char> buffer, std::size_t& count);
// Sends from the front of `bytes` and removes what was sent.
Transfer send_some(int fd, std::string& bytes);

// Closes so that the peer still reads what was sent last: input that is left unread would make the
// system reset the connection.
void close_gently(FileDescriptor& socket, std::span<char> scratch);

// Listens on the address; port 0 takes any free one. Errors: try_later with the reason of the
// system.
Result<FileDescriptor> listen_on(const Endpoint& endpoint);
// The port that a listening socket has.
std::uint16_t local_port(int fd);

// Takes one waiting connection and says from where ("10.0.0.7:51234"); not open: there is none.
struct Accepted {
  FileDescriptor socket;
  std::string peer;
  int error = 0;  // errno when accepting has failed, but for "there is none"
};
Accepted accept_one(int listening_fd);

// A numeric address to connect to.
struct SocketAddress {
  std::vector<unsigned char> bytes;  // a sockaddr
  int family = 0;
};
// Begins a connection; writable means that it has an outcome, which connect_error() gives.
Result<FileDescriptor> begin_connect(const SocketAddress& address);
int connect_error(int fd);  // an errno, or 0

std::string system_error(std::string_view what, int error);

}  // namespace sluice::mqtt
