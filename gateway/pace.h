// Pace: when to commit. A commit costs about 16 KB of flash however small it is.
//
// At once while the eager budget lasts (a token bucket); else what has arrived lingers up to
// `commit_interval`. So a lone alarm is acknowledged in milliseconds, and a steady trickle costs
// few commits. When enough waits (`commit_events`, `commit_bytes`) a commit is due, but while more
// pours in it gathers for some milliseconds: at high rates the fixed cost is shared by more events.
// A flash budget may stretch the interval; nothing is eager then.
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

  // Zero: as configured.
  void stretch(Duration interval) { stretched_ = interval; }
  bool is_stretched() const { return stretched_ > Duration{0}; }

  bool is_full(std::size_t messages, std::size_t bytes) const {
    return messages >= config_.commit_events || bytes >= config_.commit_bytes;
  }

  // Something waits: how much longer it may wait for company. Zero: commit now.
  Duration linger(std::size_t messages, std::size_t bytes, Duration now) {
    refill(now);
    if (stretched_ == Duration{0} && (is_full(messages, bytes) || tokens_ >= 1)) return Duration{0};
    if (bytes >= most_bytes) return Duration{0};
    if (waiting_since_ == Duration{0}) waiting_since_ = now;
    const Duration interval = std::max(config_.commit_interval, stretched_);
    return std::max(Duration{0}, waiting_since_ + interval - now);
  }

  // A commit was made. One that was full spends no token: it was due anyway.
  void committed(std::size_t messages, std::size_t bytes) {
    waiting_since_ = Duration{0};
    if (!is_full(messages, bytes)) tokens_ = std::max(0.0, tokens_ - 1);
  }

  static constexpr std::size_t most_bytes = 4 * 1024 * 1024;  // that one beat takes
  // So many messages need not linger when nothing more comes.
  std::size_t worth_a_commit() const { return std::max<std::size_t>(1, config_.commit_events / 8); }
  static constexpr Duration linger_quiet = std::chrono::milliseconds(3);
  static constexpr Duration gather_quiet = std::chrono::microseconds(1'500);
  static constexpr Duration gather_limit = std::chrono::milliseconds(20);

 private:
  void refill(Duration now) {
    const double seconds = std::chrono::duration<double>(now - refilled_at_).count();
    tokens_ = std::min(config_.eager_burst, tokens_ + seconds * config_.eager_per_second);
    refilled_at_ = now;
  }

  const PaceConfig config_;
  double tokens_;
  Duration refilled_at_;
  Duration stretched_{0};
  Duration waiting_since_{0};  // zero: nothing waits
};

}  // namespace sluice
