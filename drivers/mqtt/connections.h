// Connections: the sockets of a listener with their sessions, found by an id that is never reused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "drivers/mqtt/server_session.h"
#include "drivers/mqtt/socket.h"

namespace sluice::mqtt {

struct Connection {
  Connection(std::uint64_t own_id, FileDescriptor accepted, std::string from, ServerCore& core)
      : id(own_id), socket(std::move(accepted)), peer(std::move(from)), session(core, own_id) {}

  const std::uint64_t id;
  FileDescriptor socket;
  const std::string peer;
  ServerSession session;
  std::string input;  // what is not used yet: a part of a packet, or all while blocked
  std::uint32_t watched_events = 0;  // what epoll watches for; 0: it does not
  bool is_waiting = false;           // it is in the loop's list of those that wait for a settlement
};

class Connections {
 public:
  Connection& add(FileDescriptor socket, std::string peer, ServerCore& core) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    const std::uint64_t id = ++generation_ << 32 | slot;
    slots_[slot] = std::make_unique<Connection>(id, std::move(socket), std::move(peer), core);
    return *slots_[slot];
  }

  // nullptr: it is gone.
  Connection* find(std::uint64_t id) {
    const auto slot = static_cast<std::size_t>(id & 0xFFFFFFFF);
    if (slot >= slots_.size() || slots_[slot] == nullptr || slots_[slot]->id != id) return nullptr;
    return slots_[slot].get();
  }

  void remove(std::uint64_t id) {
    if (find(id) == nullptr) return;
    const auto slot = static_cast<std::uint32_t>(id & 0xFFFFFFFF);
    slots_[slot].reset();
    free_.push_back(slot);
  }

  std::size_t size() const { return slots_.size() - free_.size(); }

  // `visit` may remove the connection that it is given.
  template <typename Visit>
  void each(Visit visit) {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      if (slots_[slot] != nullptr) visit(*slots_[slot]);
    }
  }

 private:
  std::vector<std::unique_ptr<Connection>> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t generation_ = 0;
};

}  // namespace sluice::mqtt
