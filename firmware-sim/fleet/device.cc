#include "firmware-sim/fleet/device.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr std::uint32_t line_count = 4;

std::string numbered(std::uint32_t index) {
  std::string digits = std::to_string(index);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return "dev-" + digits;
}

}  // namespace

Device::Device(std::uint32_t index, const SignalOptions& signal, std::int64_t skew_ms,
               std::size_t ring_capacity)
    : index_(index),
      name_(numbered(index)),
      topic_("plant/line-" + std::to_string(1 + index % line_count) + '/' + name_ + "/telemetry"),
      signal_(signal, index),
      skew_ms_(skew_ms),
      ring_capacity_(ring_capacity) {}

bool Device::measure(std::int64_t now_ms) {
  if (ring_.size() >= ring_capacity_) {
    ++skipped_;
    return false;
  }
  Pending pending;
  pending.seq = ++last_seq_;
  pending.reading = signal_.at(pending.seq);
  pending.measured_ms = now_ms;
  ring_.push_back(pending);
  return true;
}

Pending* Device::take_unsent() {
  if (in_flight_ == ring_.size()) return nullptr;
  const auto found = std::find_if(ring_.begin(), ring_.end(),
                                  [](const Pending& pending) { return !pending.is_in_flight; });
  found->is_in_flight = true;
  ++in_flight_;
  return &*found;
}

bool Device::mark_sent(Pending& pending, std::int64_t now_ms) {
  pending.last_sent_ms = now_ms;
  if (pending.sent_ms != 0) return false;
  pending.sent_ms = now_ms;
  return true;
}

std::string Device::payload(const Pending& pending) const {
  return payload_of(pending.reading, name_, pending.seq, pending.measured_ms + skew_ms_);
}

bool Device::acknowledge(std::uint64_t seq, Pending& acknowledged) {
  const auto found = find(seq);
  if (found == ring_.end()) return false;
  if (found->is_in_flight) --in_flight_;
  acknowledged = *found;
  ring_.erase(found);
  return true;
}

void Device::release(std::uint64_t seq) {
  const auto found = find(seq);
  if (found == ring_.end() || !found->is_in_flight) return;
  found->is_in_flight = false;
  --in_flight_;
}

void Device::release_as_new(std::uint64_t seq) {
  const auto found = find(seq);
  if (found != ring_.end()) found->message_id = 0;
  release(seq);
}

void Device::release_all() {
  for (Pending& pending : ring_) pending.is_in_flight = false;
  in_flight_ = 0;
}

std::size_t Device::release_older(std::int64_t deadline_ms) {
  std::size_t released = 0;
  for (Pending& pending : ring_) {
    if (!pending.is_in_flight || pending.last_sent_ms >= deadline_ms) continue;
    pending.is_in_flight = false;
    ++released;
  }
  in_flight_ -= released;
  return released;
}

std::deque<Pending>::iterator Device::find(std::uint64_t seq) {
  const auto found = std::lower_bound(
      ring_.begin(), ring_.end(), seq,
      [](const Pending& pending, std::uint64_t wanted) { return pending.seq < wanted; });
  return found != ring_.end() && found->seq == seq ? found : ring_.end();
}

}  // namespace sluice::sim
