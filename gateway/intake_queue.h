// IntakeQueue: the bounded queue between source threads and the engine. It only moves batches; the
// engine decides when to take them (see Pace in engine.h).
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "core/clock.h"
#include "drivers/message.h"

namespace sluice {

struct IntakeBounds {
  std::size_t max_messages = 64 * 1024;
  std::size_t max_bytes = 8 * 1024 * 1024;
};

// A batch with the source that it came from.
struct TakenBatch {
  std::size_t source = 0;
  MessageBatch batch;
};

class IntakeQueue {
 public:
  explicit IntakeQueue(IntakeBounds bounds) : bounds_(bounds) {}

  // What waits in the queue.
  struct Waiting {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  // Any source's thread, through SourceIntake.
  void offer(std::size_t source, MessageBatch& batch);
  bool has_room() const;

  // --- Engine thread ---

  // Waits until `messages` or `bytes` are waiting, wake() was called, or `timeout` is over.
  Waiting wait(std::size_t messages, std::size_t bytes, Duration timeout);
  // Moves out whole batches up to about the bounds. True: the queue was over its bound and now has
  // room again, so sources that stopped must be resumed.
  bool take(std::size_t max_messages, std::size_t max_bytes, std::vector<TakenBatch>& out);
  // Gives used batches back for their memory.
  void recycle(std::vector<TakenBatch>& used);

  // Ends a wait. Any thread.
  void wake();

 private:
  bool is_over_bound() const {
    return waiting_.messages >= bounds_.max_messages || waiting_.bytes >= bounds_.max_bytes;
  }

  const IntakeBounds bounds_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  // Guarded by mutex_.
  std::vector<TakenBatch> queue_;
  std::vector<MessageBatch> spare_;
  Waiting waiting_;
  Waiting wanted_{~std::size_t{0}, ~std::size_t{0}};  // what the engine waits for
  bool is_woken_ = false;
  mutable bool turned_away_ = false;  // has_room() said no since the last take
};

// The Intake that one source sees.
class SourceIntake final : public Intake {
 public:
  SourceIntake(IntakeQueue& queue, std::size_t source) : queue_(queue), source_(source) {}
  void offer(MessageBatch& batch) override { queue_.offer(source_, batch); }
  bool has_room() const override { return queue_.has_room(); }

 private:
  IntakeQueue& queue_;
  const std::size_t source_;
};

}  // namespace sluice
