// Trend: how fast a figure changes, over a moving span of time.
//
//   sample() every few seconds --> [ oldest ...... newest ] --> per_second()
//                                  '---- about `span` ----'
//
// Memory is bounded whatever the caller does. One thread, or under the caller's lock.
#pragma once

#include <deque>
#include <optional>

#include "core/clock.h"

namespace sluice {

class Trend {
 public:
  explicit Trend(Duration span) : span_(span) {}

  // `now` is monotonic, and never goes back.
  void sample(Duration now, double figure);

  // Change per second between the oldest and the newest sample; 0 until there are two.
  double per_second() const;
  // The time between those two.
  Duration covered() const;
  double newest() const { return samples_.empty() ? 0 : samples_.back().figure; }

 private:
  static constexpr std::size_t max_samples = 128;

  struct Sample {
    Duration at;
    double figure;
  };
  const Duration span_;
  std::deque<Sample> samples_;
};

// When a figure that goes on like this reaches `limit`. Nothing when it does not grow, when too
// little time was watched to tell, or when it is so far away that the answer would be a guess.
std::optional<Duration> time_until(const Trend& trend, double limit);

}  // namespace sluice
