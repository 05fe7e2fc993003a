// A server core with a store that commits when the test says so, and devices that talk to it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/metrics.h"
#include "drivers/mqtt/server_session.h"
#include "tests/unit/mqtt/packets.h"

namespace sluice::mqtt {

// The gateway's side: what sessions hand over, and the durable memory.
class Gateway {
 public:
  explicit Gateway(MqttLimits limits = {})
      : core_(std::make_unique<ServerCore>(limits, refusals_, 7)) {}

  ServerCore& core() { return *core_; }

  // Commits what the feed holds: notes the messages, keeps the changes of state, settles.
  void commit() {
    for (const Message& message : core_->feed.batch().messages()) {
      if (!message.state.key.empty()) {
        if (message.state.erase)
          state_.erase(std::string(message.state.key));
        else
          state_[std::string(message.state.key)] = message.state.value;
      }
      if (!message.is_control) events_.emplace_back(message.payload);
      last_ = message.receipt;
    }
    core_->feed.batch().clear();
    core_->feed.settle(last_);
  }

  // The process dies: what was not committed is gone. Destroy all devices before.
  void crash(MqttLimits limits = {}) {
    core_ = std::make_unique<ServerCore>(limits, refusals_, 8);
    last_ = Receipt{0};
    core_->table.restore(SavedState(state_.begin(), state_.end()));
  }

  void advance(Duration duration) {
    now_ += duration;
    core_->feed.set_time(Timestamp(now_), now_);
  }

  const std::vector<std::string>& events() const { return events_; }  // payloads, in order
  const std::map<std::string, std::string>& state() const { return state_; }
  std::size_t uncommitted() const { return core_->feed.batch().messages().size(); }
  std::uint64_t refused(std::string_view reason) const {
    return metrics_.sum("sluice_source_refused_total", {{"reason", std::string(reason)}});
  }

 private:
  Metrics metrics_;
  Refusals refusals_{metrics_, "floor"};
  std::unique_ptr<ServerCore> core_;
  std::map<std::string, std::string> state_;
  std::vector<std::string> events_;
  Receipt last_{0};
  Duration now_{};
};

// One device's connection.
class Device {
 public:
  explicit Device(Gateway& gateway) : gateway_(gateway), session_(gateway.core(), 0) {}

  // What the gateway answers at once.
  std::string send(std::string_view bytes) {
    input_ += bytes;
    input_.erase(0, session_.receive(input_));
    return take();
  }
  // What it answers once all that was sent is committed.
  std::string after_commit() {
    gateway_.commit();
    session_.settle();
    input_.erase(0, session_.receive(input_));
    return take();
  }
  // Connects and commits; gives the CONNACK.
  std::string connect(std::string_view bytes) {
    std::string answer = send(bytes);
    return answer + after_commit();
  }
  std::string tick() {
    session_.tick();
    return take();
  }
  std::string take() { return std::exchange(session_.output(), {}); }

  bool is_closed() const { return session_.is_closing(); }
  std::size_t unread() const { return input_.size(); }
  ServerSession& session() { return session_; }

 private:
  Gateway& gateway_;
  ServerSession session_;
  std::string input_;
};

}  // namespace sluice::mqtt
