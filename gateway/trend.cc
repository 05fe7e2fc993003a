#include "gateway/trend.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr Duration shortest_watch = std::chrono::seconds(30);
constexpr Duration furthest_forecast = std::chrono::hours(24 * 365);

}  // namespace

void Trend::sample(Duration now, double figure) {
  samples_.push_back({now, figure});
  // The oldest that is kept lies at the start of the span, or just before it.
  while (samples_.size() > 2 && now - samples_[1].at >= span_) samples_.pop_front();
  if (samples_.size() > max_samples) samples_.pop_front();
}

double Trend::per_second() const {
  const double seconds = std::chrono::duration<double>(covered()).count();
  return seconds > 0 ? (samples_.back().figure - samples_.front().figure) / seconds : 0;
}

Duration Trend::covered() const {
  return samples_.size() < 2 ? Duration{0} : samples_.back().at - samples_.front().at;
}

std::optional<Duration> time_until(const Trend& trend, double limit) {
  const double speed = trend.per_second();
  if (trend.covered() < shortest_watch || speed <= 0) return std::nullopt;
  const std::chrono::duration<double> left(std::max(0.0, limit - trend.newest()) / speed);
  if (left > furthest_forecast) return std::nullopt;
  return std::chrono::duration_cast<Duration>(left);
}

}  // namespace sluice
