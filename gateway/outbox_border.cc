#include "gateway/outbox_border.h"

#include <utility>

namespace sluice {
namespace {
constexpr std::size_t max_damage = 1'000;  // reported and not yet taken
}

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

void OutboxBorder::set_boot_clocks(std::vector<BootClock> clocks) {
  const std::scoped_lock lock(mutex_);
  boot_clocks_ = std::move(clocks);
}

std::vector<BootClock> OutboxBorder::boot_clocks() const {
  const std::scoped_lock lock(mutex_);
  return boot_clocks_;
}

void OutboxBorder::acknowledge(Acknowledgement acknowledgement) {
  const std::scoped_lock lock(mutex_);
  // Neighbours are joined, so that a fast upstream does not make a long list.
  if (!acknowledgements_.empty()) {
    Acknowledgement& last = acknowledgements_.back();
    if (!last.is_rejected && !acknowledgement.is_rejected && last.lane == acknowledgement.lane &&
        last.end == acknowledgement.first) {
      last.end = acknowledgement.end;
      last.holes += acknowledgement.holes;
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
  return !acknowledgements_.empty() || !damage_.empty();
}

void OutboxBorder::report_damage(std::string record_key) {
  const std::scoped_lock lock(mutex_);
  if (damage_.size() < max_damage) damage_.push_back(std::move(record_key));
}

std::vector<std::string> OutboxBorder::take_damage() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(damage_, {});
}

}  // namespace sluice
