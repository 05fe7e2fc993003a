#include "firmware-sim/fleet/signal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/clock.h"
#include "core/value.h"
#include "firmware-sim/common/draw.h"
#include "firmware-sim/common/json_line.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t stuck_burst = 4;   // events
constexpr std::uint64_t spike_length = 8;  // events
constexpr double spike_share = 0.01;
// What real sensors say when they are broken: an unplugged DS18B20, its power-on value, an ADC's
// end.
constexpr std::array stuck_values = {-127.0, 85.0, 999.9};

double rounded(double value, double steps) { return std::round(value * steps) / steps; }

}  // namespace

SensorSignal::SensorSignal(const SignalOptions& options, std::uint32_t device)
    : options_(options), device_(device) {
  const double place = draw(options.seed, "place", device);
  const double within = draw(options.seed, "within", device);
  base_ = place < 0.2   ? -22.0 + 6.0 * within
          : place < 0.8 ? 17.0 + 8.0 * within
                        : 48.0 + 14.0 * within;
  swing_ = 0.5 + 4.0 * draw(options.seed, "swing", device);
  phase_ = draw(options.seed, "phase", device);
  drift_per_day_ = 0.6 * draw(options.seed, "drift", device) - 0.3;
}

double SensorSignal::noise(const char* purpose, std::uint64_t seq) const {
  double sum = 0;  // of four evenly spread draws: near enough to normal
  for (std::uint64_t i = 0; i < 4; ++i) sum += draw(options_.seed, purpose, device_, 4 * seq + i);
  return sum - 2.0;
}

Reading SensorSignal::at(std::uint64_t seq) const {
  const double days = phase_ + static_cast<double>(seq) * options_.interval / options_.day;
  const double wave = std::sin(2.0 * std::numbers::pi * days);

  double spike = 0;
  const std::uint64_t stretch = seq / spike_length;
  if (draw(options_.seed, "spike", device_, stretch) < spike_share) {
    const int age = static_cast<int>(seq % spike_length);
    spike = std::ldexp(12.0, -age);  // halves with each event
  }

  Reading reading;
  const double temperature =
      base_ + swing_ * wave + drift_per_day_ * (days - phase_) + 0.2 * noise("noise", seq) + spike;
  reading.temperature = rounded(std::clamp(temperature, -35.0, 80.0), 100.0);
  const double humidity = 50.0 - 10.0 * wave + noise("humidity", seq);
  reading.humidity = rounded(std::clamp(humidity, 0.0, 100.0), 10.0);

  if (draw(options_.seed, "bad", device_, seq) < options_.bad) {
    reading.expect = Expect::reject;
  } else if (draw(options_.seed, "stuck", device_, seq / stuck_burst) < options_.stuck) {
    const double pick = draw(options_.seed, "stuck at", device_, seq / stuck_burst);
    reading.temperature = stuck_values[static_cast<std::size_t>(pick * stuck_values.size())];
    reading.expect = Expect::filtered;
  }
  return reading;
}

std::string payload_of(const Reading& reading, const std::string& device, std::uint64_t seq,
                       std::int64_t measured_ms) {
  const Timestamp measured{std::chrono::milliseconds(measured_ms)};
  std::string json = JsonLine()
                         .text("device", device)
                         .number("seq", seq)
                         .text("ts", format_timestamp(measured))
                         .decimal("temperature", reading.temperature)
                         .decimal("humidity", reading.humidity)
                         .finish();
  if (reading.expect != Expect::reject) return json;
  switch (seq % 4) {
    case 0:
      return json.substr(0, json.size() / 2);
    case 1:
      return "ERR sensor " + device + " #" + std::to_string(seq);
    case 2:
      return json.substr(0, json.size() - 1) + ",\"ok\":tru}";
    default:
      return json.substr(0, json.size() - 1) + ",\"unit\":\"\xb0\x43\"}";  // Latin-1
  }
}

}  // namespace sluice::sim
