#include "firmware-sim/fleet/signal.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "firmware-sim/common/draw.h"

namespace sluice::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t spike_length = 8;  // readings: then it is below half a percent
constexpr std::uint64_t channels_of_a_device = 8;

double seconds_of(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void describe(Fields<RampSpec>& fields) {
  fields.required("by", &RampSpec::by, "The value grows by this ...")
      .optional("per", &RampSpec::per, "... in each such time.")
      .at_least(1ms);
}

void describe(Fields<SineSpec>& fields) {
  fields.required("swing", &SineSpec::swing, "Half the way from trough to crest.")
      .optional("period", &SineSpec::period, "From crest to crest.")
      .at_least(1ms)
      .optional("phase", &SineSpec::phase,
                "At the start, in periods. Left out: each device its own.");
}

void describe(Fields<WalkSpec>& fields) {
  fields.required("step", &WalkSpec::step, "The most that a reading differs from the one before.")
      .at_least(0)
      .required("bound", &WalkSpec::bound, "The walk turns round this far from its start.")
      .at_least(0);
}

void describe(Fields<StepSpec>& fields) {
  fields.required("at", &StepSpec::at, "Since the run's start.")
      .at_least(0s)
      .required("by", &StepSpec::by, "From then on the value is higher by this.");
}

void describe(Fields<SpikesSpec>& fields) {
  fields.required("share", &SpikesSpec::share, "Of the readings, in which a spike begins.")
      .between(0, 1)
      .required("height", &SpikesSpec::height, "It halves with each reading after.");
}

void describe(Fields<SignalSpec>& fields) {
  fields.optional("unit", &SignalSpec::unit, "Of RFC 8428 section 12.1, for SenML: \"Cel\".")
      .optional("base", &SignalSpec::base, "What the other parts are added to.")
      .optional("spread", &SignalSpec::spread, "Devices differ by up to this, either way.")
      .at_least(0)
      .optional("ramp", &SignalSpec::ramp, "Grows or falls steadily.")
      .optional("sine", &SignalSpec::sine, "Day and night.")
      .optional("season", &SignalSpec::season, "A second, slower wave.")
      .optional("walk", &SignalSpec::walk, "A random walk.")
      .optional("steps", &SignalSpec::steps, "Sudden lasting changes.")
      .optional("noise", &SignalSpec::noise, "Bell-shaped, never more than this either way.")
      .at_least(0)
      .optional("spikes", &SignalSpec::spikes, "Sudden changes that die away.")
      .optional("column", &SignalSpec::column, "Of the kind's recording, in place of the others.")
      .optional("min", &SignalSpec::min, "The sensor's lower end.")
      .optional("max", &SignalSpec::max, "The sensor's upper end.")
      .optional("decimals", &SignalSpec::decimals, "Of a reading.")
      .between(0, 3)
      .optional("deadband", &SignalSpec::deadband,
                "A reading that differs from the last that was sent by less is not sent.")
      .at_least(0)
      .optional("filtered_below", &SignalSpec::filtered_below,
                "The gateway's filter drops readings at or below this; `verify` expects it.")
      .optional("filtered_above", &SignalSpec::filtered_above,
                "The gateway's filter drops readings at or above this; `verify` expects it.")
      .ensure(
          [](const SignalSpec& spec) { return !spec.min || !spec.max || *spec.min < *spec.max; },
          "needs `min` below `max`");
}

Signal::Signal(const SignalSpec& spec, std::uint64_t seed, std::uint32_t device,
               std::uint32_t channel)
    : spec_(&spec), seed_(seed), place_(device * channels_of_a_device + channel) {
  offset_ = spec.spread * (2.0 * random("spread") - 1.0);
  sine_phase_ = random("sine");
  season_phase_ = random("season");
}

double Signal::random(const char* purpose, std::uint64_t n) const {
  return draw(seed_, purpose, place_, n);
}

double Signal::wave(const std::optional<SineSpec>& sine, double own_phase, double seconds) const {
  if (!sine) return 0;
  const double periods = sine->phase.value_or(own_phase) + seconds / seconds_of(sine->period);
  return sine->swing * std::sin(2.0 * std::numbers::pi * periods);
}

double Signal::walked(std::uint64_t n) {
  if (!spec_->walk) return 0;
  const double bound = spec_->walk->bound;
  walk_ += spec_->walk->step * (2.0 * random("walk", n) - 1.0);
  if (walk_ > bound) walk_ = std::max(2.0 * bound - walk_, -bound);
  if (walk_ < -bound) walk_ = std::min(-2.0 * bound - walk_, bound);
  return walk_;
}

double Signal::noise(std::uint64_t n) const {
  if (spec_->noise == 0) return 0;
  double sum = 0;  // of four evenly spread draws: near enough to normal
  for (std::uint64_t i = 0; i < 4; ++i) sum += random("noise", 4 * n + i);
  return spec_->noise * (sum - 2.0) / 2.0;
}

double Signal::spiked(std::uint64_t n) const {
  if (!spec_->spikes) return 0;
  double sum = 0;
  for (std::uint64_t age = 0; age < spike_length && age <= n; ++age) {
    if (random("spike", n - age) < spec_->spikes->share) {
      sum += std::ldexp(spec_->spikes->height, -static_cast<int>(age));
    }
  }
  return sum;
}

double Signal::at(std::uint64_t n, double seconds) {
  double value = spec_->base + offset_ + wave(spec_->sine, sine_phase_, seconds) +
                 wave(spec_->season, season_phase_, seconds) + walked(n) + noise(n) + spiked(n);
  if (spec_->ramp) value += spec_->ramp->by * seconds / seconds_of(spec_->ramp->per);
  for (const StepSpec& step : spec_->steps) {
    if (seconds >= seconds_of(step.at)) value += step.by;
  }
  return limited(*spec_, value);
}

double Signal::limited(const SignalSpec& spec, double value) {
  if (spec.min) value = std::max(value, *spec.min);
  if (spec.max) value = std::min(value, *spec.max);
  const double steps = std::pow(10.0, spec.decimals);
  return std::round(value * steps) / steps;
}

bool Signal::is_filtered(const SignalSpec& spec, double value) {
  return (spec.filtered_below && value <= *spec.filtered_below) ||
         (spec.filtered_above && value >= *spec.filtered_above);
}

}  // namespace sluice::sim
