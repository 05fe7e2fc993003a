// Pace: when to commit. A commit costs about 16 KB of flash however small it is.
//
// At once when enough waits (`commit_events`, `commit_bytes`), or while the eager budget lasts (a
// token bucket); else what has arrived lingers up to `commit_interval`. So a lone alarm is
// acknowledged in milliseconds, and a steady trickle costs few commits.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/clock.h"

namespace sluice {

struct PaceConfig {
  std::size_t commit_events = 500;
  std::size_t commit_bytes = 256 * 1024;
  Duration commit_interval = std::chrono::milliseconds(200);
  double eager_per_second = 5;
  double eager_burst = 50;
};

class Pace {
 public:
  Pace(PaceConfig config, Duration now)
      : config_(config), tokens_(config.eager_burst), refilled_at_(now) {}

  const PaceConfig& config() const { return config_; }

  // Something waits: how much longer it may wait for company. Zero: commit now.
  Duration linger(std::size_t messages, std::size_t bytes, Duration now) {
    refill(now);
    if (messages >= config_.commit_events || bytes >= config_.commit_bytes || tokens_ >= 1)
      return Duration{0};
    if (waiting_since_ == Duration{0}) waiting_since_ = now;
    return std::max(Duration{0}, waiting_since_ + config_.commit_interval - now);
  }

  // A commit was made. One that was full spends no token: it was due anyway.
  void committed(std::size_t messages, std::size_t bytes) {
    waiting_since_ = Duration{0};
    const bool was_full = messages >= config_.commit_events || bytes >= config_.commit_bytes;
    if (!was_full) tokens_ = std::max(0.0, tokens_ - 1);
  }

 private:
  void refill(Duration now) {
    const double seconds = std::chrono::duration<double>(now - refilled_at_).count();
    tokens_ = std::min(config_.eager_burst, tokens_ + seconds * config_.eager_per_second);
    refilled_at_ = now;
  }

  const PaceConfig config_;
  double tokens_;
  Duration refilled_at_;
  Duration waiting_since_{0};  // zero: nothing waits
};

}  // namespace sluice
