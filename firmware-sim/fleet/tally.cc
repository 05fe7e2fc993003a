#include "firmware-sim/fleet/tally.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {

void Latencies::add(std::int64_t milliseconds) {
  std::size_t bucket = 0;
  for (double bound = 1.0; bucket + 1 < bucket_count && static_cast<double>(milliseconds) > bound;
       bound = std::max(bound + 1.0, std::floor(bound * 1.125))) {
    ++bucket;
  }
  ++counts_[bucket];
  ++count_;
}

double Latencies::percentile(double p) const {
  if (count_ == 0) return 0;
  const double wanted = p * static_cast<double>(count_);
  double bound = 1.0;
  double seen = 0;
  for (const std::uint64_t count : counts_) {
    seen += static_cast<double>(count);
    if (seen >= wanted) break;
    bound = std::max(bound + 1.0, std::floor(bound * 1.125));
  }
  return bound;
}

Result<void> Tally::open(const std::string& ledger_path) {
  const std::lock_guard lock(mutex_);
  ledger_.open(ledger_path, std::ios::trunc | std::ios::binary);
  if (!ledger_) return Error{ErrorKind::try_later, ledger_path + ": cannot be written"};
  return {};
}

void Tally::add(std::uint64_t Counts::*count, std::uint64_t amount) {
  const std::lock_guard lock(mutex_);
  counts_.*count += amount;
}

void Tally::acknowledged(Protocol protocol, const Device& device, const Pending& pending,
                         std::int64_t now_ms) {
  const std::lock_guard lock(mutex_);
  ++counts_.acknowledged;
  ++counts_.settled;
  latencies_.add(std::max<std::int64_t>(0, now_ms - pending.sent_ms));
  write(protocol, device, pending, now_ms);
}

void Tally::unacknowledged(Protocol protocol, const Device& device, const Pending& pending) {
  const std::lock_guard lock(mutex_);
  ++counts_.settled;
  if (pending.sent_ms == 0) return;
  write(protocol, device, pending, std::nullopt);
}

void Tally::write(Protocol protocol, const Device& device, const Pending& pending,
                  std::optional<std::int64_t> acked_ms) {
  if (!ledger_.is_open()) return;
  ledger_ << format_line(SentRecord{device.name(), pending.seq, protocol, pending.sent_ms, acked_ms,
                                    pending.reading.expect});
}

Counts Tally::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

Latencies Tally::latencies() const {
  const std::lock_guard lock(mutex_);
  return latencies_;
}

Result<void> Tally::close() {
  const std::lock_guard lock(mutex_);
  if (!ledger_.is_open()) return {};
  ledger_.close();
  if (ledger_.fail()) return Error{ErrorKind::no_space, "the ledger could not be written in full"};
  return {};
}

}  // namespace sluice::sim
