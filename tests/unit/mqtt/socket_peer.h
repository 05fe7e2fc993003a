// The other end of a TCP connection in tests, and an engine that settles when the test says so.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/metrics.h"
#include "drivers/mqtt/socket.h"
#include "drivers/source.h"

namespace sluice::mqtt {

// No wait in these tests takes longer; those that are met end at once.
inline constexpr Duration patience = std::chrono::seconds(10);

class SocketPeer {
 public:
  explicit SocketPeer(FileDescriptor socket) : socket_(std::move(socket)) {}
  // Connects to "mqtt://127.0.0.1:PORT".
  static SocketPeer connect(std::string_view url);

  void send(std::string_view bytes);
  // Waits for that many bytes; fewer when the peer closes or patience ends.
  std::string receive(std::size_t count);
  // True when the peer closes without sending more.
  bool is_closed_by_peer();
  void close() { socket_.close(); }

 private:
  FileDescriptor socket_;
};

// Takes connections of the source under test.
class FakeBroker {
 public:
  FakeBroker();
  std::string url() const;
  SocketPeer accept();
  void close() { listening_.close(); }

 private:
  FileDescriptor listening_;
  std::uint16_t port_;
};

// An Intake that keeps what it is offered until the test settles it.
class HeldIntake final : public Intake {
 public:
  void offer(MessageBatch& batch) override;
  bool has_room() const override;

  void set_room(bool has_room);
  // Waits for that many events in all; gives their payloads.
  std::vector<std::string> wait_for(std::size_t events);
  std::size_t events() const;
  // The newest receipt so far.
  Receipt last() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::string> payloads_;
  Receipt last_{0};
  bool has_room_ = true;
};

// Waits until `condition` holds; false when patience ends.
template <typename Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace sluice::mqtt
