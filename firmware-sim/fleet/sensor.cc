#include "firmware-sim/fleet/sensor.h"

#include <algorithm>
#include <cmath>

#include "firmware-sim/common/draw.h"

namespace sluice::sim {
namespace {

constexpr double ms_per_hour = 3'600'000;

std::int32_t thousandths(double value) {
  constexpr double most = 2'147'483'647;
  return static_cast<std::int32_t>(std::lround(std::clamp(value * 1000, -most, most)));
}

}  // namespace

Sensor::Sensor(const Kind& kind, std::uint32_t device)
    : kind_(&kind),
      device_(device),
      stuck_(episodes_of(kind.spec.faults.stuck, kind.seed, "stuck", device)),
      drifting_(episodes_of(kind.spec.faults.drifting, kind.seed, "drifting", device)),
      flood_(episodes_of(kind.spec.faults.flood, kind.seed, "flood", device)),
      interval_ms_(kind.spec.interval_ms()) {
  for (std::uint32_t channel = 0; channel < kind.signals.size(); ++channel) {
    signals_.emplace_back(*kind.signals[channel], kind.seed, device, channel);
  }
}

double Sensor::random(const char* purpose, std::uint64_t n) const {
  return draw(kind_->seed, purpose, device_, n);
}

double Sensor::pause_ms() const {
  const double flood = flood_.is_on() ? kind_->spec.faults.flood->factor : 1.0;
  return interval_ms_ / (rate_ * flood);
}

void Sensor::wake(double now_ms) {
  if (!kind_->recording) {
    next_ms_ = now_ms + pause_ms() * random("phase", wakes_++);
    return;
  }
  plan_row();
  while (next_ms_ < now_ms) {
    ++row_;
    plan_row();
  }
}

void Sensor::set_rate(double now_ms, double rate) {
  rate_ = rate;
  bring_forward(now_ms);
}

void Sensor::set_interval(double now_ms, double interval_ms) {
  interval_ms_ = interval_ms;
  bring_forward(now_ms);
}

void Sensor::advance_flood(double now_ms) {
  if (flood_.advance(now_ms)) bring_forward(now_ms);
}

// A sensor that now measures more often does not finish its long pause first.
void Sensor::bring_forward(double now_ms) {
  if (kind_->recording) return;
  next_ms_ = std::min(next_ms_, now_ms + pause_ms() * random("pace", readings_));
}

void Sensor::plan_row() {
  const std::vector<Recording::Row>& rows = kind_->recording->rows;
  const auto span = static_cast<double>(rows.back().unix_ms - rows.front().unix_ms);
  if (row_ == rows.size()) {
    // Once more, a mean pause after the last row.
    row_ = 0;
    row_offset_ms_ += span + std::max(1.0, span / static_cast<double>(rows.size()));
    if (!kind_->spec.replay->again) row_offset_ms_ = Episodes::never;
  }
  next_ms_ = row_offset_ms_ + static_cast<double>(rows[row_].unix_ms - rows.front().unix_ms);
}

double Sensor::right_value(std::size_t channel, double seconds) {
  if (!kind_->recording) return signals_[channel].at(readings_, seconds);
  return Signal::limited(*kind_->signals[channel], kind_->recording->rows[row_].values[channel]);
}

void Sensor::go_wrong(double now_ms, std::array<double, node_max_channels>& values) {
  if (drifting_.is_on_at(now_ms)) {
    const double hours = (now_ms - drifting_.began_ms()) / ms_per_hour;
    for (double& value : values) value += kind_->spec.faults.drifting->per_hour * hours;
  }
  if (!stuck_.is_on_at(now_ms)) {
    last_good_ = values;
    return;
  }
  const std::vector<double>& at = kind_->spec.faults.stuck->at;
  values = last_good_;
  if (at.empty()) return;
  const double pick = random("stuck at", stuck_.number());
  values.fill(at[static_cast<std::size_t>(pick * static_cast<double>(at.size()))]);
}

Sensor::Values Sensor::measure() {
  const double now_ms = next_ms_;
  std::array<double, node_max_channels> values{};
  for (std::size_t i = 0; i < signals_.size(); ++i) values[i] = right_value(i, now_ms / 1000);
  go_wrong(now_ms, values);
  ++readings_;
  if (kind_->recording) {
    ++row_;
    plan_row();
  } else {
    next_ms_ += pause_ms();
  }
  Values readings{};
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    const double steps = std::pow(10.0, kind_->signals[i]->decimals);
    readings[i] = thousandths(std::round(values[i] * steps) / steps);
  }
  return readings;
}

}  // namespace sluice::sim
