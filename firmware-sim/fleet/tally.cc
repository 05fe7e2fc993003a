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
  ledger_.open(ledger_path, std::ios::trunc | std::ios::binary);
  if (!ledger_) return Error{ErrorKind::try_later, ledger_path + ": cannot be written"};
  return {};
}

void Tally::acknowledged(Protocol protocol, const std::string& device, const SentReading& reading,
                         std::int64_t now_ms) {
  ++counts.acknowledged;
  latencies_.add(std::max<std::int64_t>(0, now_ms - reading.sent_ms));
  write(protocol, device, reading, now_ms);
}

void Tally::unacknowledged(Protocol protocol, const std::string& device,
                           const SentReading& reading) {
  write(protocol, device, reading, std::nullopt);
}

void Tally::write(Protocol protocol, const std::string& device, const SentReading& reading,
                  std::optional<std::int64_t> acked_ms) {
  if (!ledger_.is_open()) return;
  ledger_ << format_line(SentRecord{device, reading.boot, reading.seq, protocol, reading.sent_ms,
                                    acked_ms, reading.expect});
}

Result<void> Tally::close() {
  if (!ledger_.is_open()) return {};
  ledger_.close();
  if (ledger_.fail()) return Error{ErrorKind::no_space, "the ledger could not be written in full"};
  return {};
}

}  // namespace sluice::sim
