#include "tests/unit/mqtt/socket_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "core/result.h"

namespace sluice::mqtt {
namespace {

constexpr int patience_ms =
    static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count());

bool wait_for_socket(int fd, short event) {
  pollfd file{fd, event, 0};
  return poll(&file, 1, patience_ms) > 0;
}

}  // namespace

SocketPeer SocketPeer::connect(std::string_view url) {
  const auto endpoint = parse_endpoint(url);
  CHECK(endpoint.is_ok());
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint->port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  static_cast<void>(
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
  CHECK(wait_for_socket(socket.get(), POLLOUT));
  return SocketPeer(std::move(socket));
}

void SocketPeer::send(std::string_view bytes) {
  std::string rest(bytes);
  while (!rest.empty()) {
    if (send_some(socket_.get(), rest) == Transfer::closed) return;
    if (!rest.empty() && !wait_for_socket(socket_.get(), POLLOUT)) return;
  }
}

std::string SocketPeer::receive(std::size_t count) {
  std::string received;
  std::array<char, 4096> buffer;
  while (received.size() < count) {
    if (!wait_for_socket(socket_.get(), POLLIN)) break;
    std::size_t got = 0;
    const std::size_t wanted = std::min(buffer.size(), count - received.size());
    if (receive_some(socket_.get(), std::span(buffer).first(wanted), got) == Transfer::closed)
      break;
    received.append(buffer.data(), got);
  }
  return received;
}

bool SocketPeer::is_closed_by_peer() {
  std::array<char, 1> buffer;
  std::size_t got = 0;
  return wait_for_socket(socket_.get(), POLLIN) &&
         receive_some(socket_.get(), buffer, got) == Transfer::closed;
}

FakeBroker::FakeBroker() : port_(0) {
  auto listening = listen_on({"127.0.0.1", 0});
  CHECK(listening.is_ok());
  listening_ = std::move(listening).value();
  port_ = local_port(listening_.get());
}

std::string FakeBroker::url() const { return format_endpoint({"127.0.0.1", port_}); }

SocketPeer FakeBroker::accept() {
  CHECK(wait_for_socket(listening_.get(), POLLIN));
  return SocketPeer(accept_one(listening_.get()).socket);
}

void HeldIntake::offer(MessageBatch& batch) {
  {
    const std::scoped_lock lock(mutex_);
    for (const Message& message : batch.messages()) {
      CHECK(static_cast<std::uint64_t>(message.receipt) == static_cast<std::uint64_t>(last_) + 1);
      last_ = message.receipt;
      if (!message.is_control) payloads_.emplace_back(message.payload);
    }
  }
  batch.clear();
  arrived_.notify_all();
}

bool HeldIntake::has_room() const {
  const std::scoped_lock lock(mutex_);
  return has_room_;
}

void HeldIntake::set_room(bool has_room) {
  const std::scoped_lock lock(mutex_);
  has_room_ = has_room;
}

std::vector<std::string> HeldIntake::wait_for(std::size_t events) {
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, patience, [&] { return payloads_.size() >= events; });
  return payloads_;
}

std::size_t HeldIntake::events() const {
  const std::scoped_lock lock(mutex_);
  return payloads_.size();
}

Receipt HeldIntake::last() const {
  const std::scoped_lock lock(mutex_);
  return last_;
}

}  // namespace sluice::mqtt
