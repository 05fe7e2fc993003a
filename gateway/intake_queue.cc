#include "gateway/intake_queue.h"

#include <utility>

namespace sluice {
namespace {
constexpr std::size_t max_spare_batches = 16;
}

void IntakeQueue::offer(std::size_t source, MessageBatch& batch) {
  if (batch.empty()) return;
  bool is_due = false;
  {
    const std::scoped_lock lock(mutex_);
    waiting_.messages += batch.messages().size();
    waiting_.bytes += batch.bytes();
    queue_.push_back({source, std::move(batch)});
    if (spare_.empty()) {
      batch = MessageBatch();
    } else {
      batch = std::move(spare_.back());
      spare_.pop_back();
    }
    is_due = waiting_.messages >= wanted_.messages || waiting_.bytes >= wanted_.bytes;
  }
  if (is_due) arrived_.notify_one();
}

bool IntakeQueue::has_room() const {
  const std::scoped_lock lock(mutex_);
  if (!is_over_bound()) return true;
  turned_away_ = true;
  return false;
}

IntakeQueue::Waiting IntakeQueue::wait(std::size_t messages, std::size_t bytes, Duration timeout) {
  std::unique_lock lock(mutex_);
  const auto is_ready = [&] {
    return is_woken_ || waiting_.messages >= messages || waiting_.bytes >= bytes;
  };
  wanted_ = {messages, bytes};
  if (!is_ready()) arrived_.wait_for(lock, timeout, is_ready);
  wanted_ = {~std::size_t{0}, ~std::size_t{0}};
  is_woken_ = false;
  return waiting_;
}

bool IntakeQueue::take(std::size_t max_messages, std::size_t max_bytes,
                       std::vector<TakenBatch>& out) {
  const std::scoped_lock lock(mutex_);
  std::size_t messages = 0;
  std::size_t bytes = 0;
  std::size_t taken = 0;
  while (taken < queue_.size() && messages < max_messages && bytes < max_bytes) {
    messages += queue_[taken].batch.messages().size();
    bytes += queue_[taken].batch.bytes();
    out.push_back(std::move(queue_[taken]));
    ++taken;
  }
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(taken));
  waiting_.messages -= messages;
  waiting_.bytes -= bytes;
  if (!turned_away_ || is_over_bound()) return false;
  turned_away_ = false;
  return true;
}

void IntakeQueue::recycle(std::vector<TakenBatch>& used) {
  for (TakenBatch& taken : used) taken.batch.clear();
  const std::scoped_lock lock(mutex_);
  for (TakenBatch& taken : used) {
    if (spare_.size() < max_spare_batches) spare_.push_back(std::move(taken.batch));
  }
  used.clear();
}

void IntakeQueue::wake() {
  {
    const std::scoped_lock lock(mutex_);
    is_woken_ = true;
  }
  arrived_.notify_one();
}

}  // namespace sluice
