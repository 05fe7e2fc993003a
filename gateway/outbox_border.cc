#include "gateway/outbox_border.h"

#include <utility>

namespace sluice {

void OutboxBorder::publish(LaneId lane, std::uint64_t next) {
  {
    const std::scoped_lock lock(mutex_);
    next_[lane] = next;
  }
  if (wake_) wake_();
}

std::uint64_t OutboxBorder::next(LaneId lane) const {
  const std::scoped_lock lock(mutex_);
  const auto found = next_.find(lane);
  return found == next_.end() ? 1 : found->second;
}

void OutboxBorder::acknowledge(Acknowledgement acknowledgement) {
  const std::scoped_lock lock(mutex_);
  // Neighbours are joined, so that a fast upstream does not make a long list.
  if (!acknowledgements_.empty()) {
    Acknowledgement& last = acknowledgements_.back();
    if (!last.is_rejected && !acknowledgement.is_rejected && last.lane == acknowledgement.lane &&
        last.end == acknowledgement.first) {
      last.end = acknowledgement.end;
      return;
    }
  }
  acknowledgements_.push_back(std::move(acknowledgement));
}

std::vector<Acknowledgement> OutboxBorder::take_acknowledgements() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(acknowledgements_, {});
}

bool OutboxBorder::has_acknowledgements() const {
  const std::scoped_lock lock(mutex_);
  return !acknowledgements_.empty();
}

}  // namespace sluice
