// MessageFeed: numbers the messages of one source, and collects those of one turn of its loop.
#pragma once

#include <cstdint>

#include "core/clock.h"
#include "drivers/message.h"

namespace sluice::mqtt {

class MessageFeed {
 public:
  // Copies the message into the batch and gives its receipt, one more than the last.
  Receipt add(Message& message) {
    message.receipt = Receipt{++last_};
    message.received = wall_;
    batch_.add(message);
    return message.receipt;
  }

  // A message without event, for its change of durable memory.
  Receipt add_change(std::string_view sender, const StateChange& change) {
    Message message;
    message.is_control = true;
    message.sender = sender;
    message.state = change;
    return add(message);
  }

  // The engine has settled everything up to `receipt`.
  void settle(Receipt receipt) {
    if (receipt > settled_) settled_ = receipt;
  }
  bool is_settled(Receipt receipt) const { return receipt <= settled_; }

  void set_time(Timestamp wall, Duration monotonic) {
    wall_ = wall;
    monotonic_ = monotonic;
  }
  Duration now() const { return monotonic_; }  // monotonic

  MessageBatch& batch() { return batch_; }
  const MessageBatch& batch() const { return batch_; }

 private:
  MessageBatch batch_;
  std::uint64_t last_ = 0;
  Receipt settled_{0};
  Timestamp wall_{};
  Duration monotonic_{};
};

}  // namespace sluice::mqtt
