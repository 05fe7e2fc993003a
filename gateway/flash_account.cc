#include "gateway/flash_account.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <utility>

namespace sluice {
namespace {

constexpr double day_seconds = 86'400;
constexpr double saved_up_seconds = 3'600;  // of the budget, for a busy hour
constexpr double rate_seconds = 3'600;      // over which the rate is told
constexpr Duration longest_interval = std::chrono::seconds(5);
constexpr Duration shortest_stretch = std::chrono::milliseconds(50);

}  // namespace

std::uint64_t FlashAccount::read_kernel_account() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  while (io >> name >> value) {
    if (name == "write_bytes:") return value;
  }
  return 0;
}

FlashAccount::FlashAccount(std::uint64_t budget_per_day,
                           std::function<std::uint64_t()> read_written)
    : budget_per_day_(budget_per_day),
      read_written_(std::move(read_written)),
      allowance_(static_cast<double>(budget_per_day) / day_seconds * saved_up_seconds) {
  figures_.budget_per_day = budget_per_day;
}

void FlashAccount::sample(Duration now, std::uint64_t commits) {
  const std::uint64_t written = read_written_();
  if (!std::exchange(has_sampled_, true)) {
    sampled_at_ = now;
    sampled_bytes_ = written;
    sampled_commits_ = commits;
    return;
  }
  const double seconds = std::chrono::duration<double>(now - sampled_at_).count();
  if (seconds <= 0) return;
  const double bytes = static_cast<double>(written - std::min(written, sampled_bytes_));
  watched_seconds_ = std::min(rate_seconds, watched_seconds_ + seconds);
  const double weight = std::min(1.0, seconds / watched_seconds_);
  bytes_per_second_ += weight * (bytes / seconds - bytes_per_second_);

  const std::scoped_lock lock(mutex_);
  figures_.written_bytes = written;
  figures_.bytes_per_day = bytes_per_second_ * day_seconds;
  if (commits > sampled_commits_) {
    const double each = bytes / static_cast<double>(commits - sampled_commits_);
    figures_.bytes_per_commit =
        figures_.bytes_per_commit == 0 ? each : 0.8 * figures_.bytes_per_commit + 0.2 * each;
  }
  if (budget_per_day_ > 0) {
    const double rate = static_cast<double>(budget_per_day_) / day_seconds;
    allowance_ = std::min(rate * saved_up_seconds, allowance_ + rate * seconds - bytes);
    Duration interval{0};
    if (allowance_ <= 0) {
      // Somewhat longer than the budget asks, until what was overdrawn is paid back.
      const double wanted = 1.2 * figures_.bytes_per_commit / rate;
      interval = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(wanted));
      figures_.is_over_budget = interval > longest_interval;
      interval = std::clamp(interval, shortest_stretch, longest_interval);
    } else {
      figures_.is_over_budget = false;
    }
    figures_.stretched_interval = interval;
  }
  sampled_at_ = now;
  sampled_bytes_ = written;
  sampled_commits_ = commits;
}

FlashFigures FlashAccount::figures() const {
  const std::scoped_lock lock(mutex_);
  return figures_;
}

}  // namespace sluice
