// ObservedIntake: the intake that a source is given, with a look at what passes for status.
#pragma once

#include <atomic>
#include <cstdint>
#include <ranges>

#include "core/clock.h"
#include "drivers/message.h"

namespace sluice {

class ObservedIntake final : public Intake {
 public:
  // `intake` outlives it.
  explicit ObservedIntake(Intake& intake) : intake_(intake) {}

  void offer(MessageBatch& batch) override {
    for (const Message& message : std::views::reverse(batch.messages())) {
      if (message.is_control) continue;  // a session's business is no sign of life of a sensor
      last_message_.store(message.received.time_since_epoch().count(), std::memory_order_relaxed);
      break;
    }
    intake_.offer(batch);
  }
  bool has_room() const override { return intake_.has_room(); }

  // When the newest message was received; the epoch: none since the start. Any thread.
  Timestamp last_message() const {
    return Timestamp(Duration(last_message_.load(std::memory_order_relaxed)));
  }

 private:
  Intake& intake_;
  std::atomic<std::int64_t> last_message_{0};
};

}  // namespace sluice
