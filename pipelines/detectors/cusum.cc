#include "pipelines/detectors/cusum.h"

#include <cmath>

namespace sluice {

void Cusum::Memory::save(std::string& out) const {
  reference.save(out);
  put_double(out, high);
  put_double(out, low);
}

void Cusum::Memory::load(ByteReader& in) {
  reference.load(in);
  high = read_double(in);
  low = read_double(in);
}

void Cusum::check(const CusumConfig& config, StepErrors& errors) {
  check_limits(config.limits, errors);
  check_not_negative("drift", config.drift, errors);
  check_not_negative("min_spread", config.min_spread, errors);
  if (config.warm_up < 2) errors.push_back({"warm_up", 0, "needs at least 2 samples"});
  if (config.target.has_value() != config.spread.has_value()) {
    errors.push_back({config.target ? "spread" : "target", 0,
                      "'target' and 'spread' are given together, or both are learnt"});
  }
  if (!std::isfinite(config.target.value_or(0.0))) {
    errors.push_back({"target", 0, "needs a finite number"});
  }
  if (!(config.spread.value_or(1.0) > 0.0) || !std::isfinite(config.spread.value_or(1.0))) {
    errors.push_back({"spread", 0, "needs a number above zero"});
  }
  if (config.relearns && config.target) {
    errors.push_back({"relearn", 0, "a target that is given cannot be learnt anew"});
  }
}

Judgement Cusum::judge(const Memory& memory, double value, Timestamp) const {
  if (is_learning(memory)) {
    const double held = std::max(memory.high, memory.low);
    return {
        .is_ready = held > 0.0, .score = held, .reason = memory.low > memory.high ? "low" : "high"};
  }
  const double middle = target(memory);
  const double unit = spread(memory);
  const double high = next(memory.high, value - middle, unit);
  const double low = next(memory.low, middle - value, unit);
  const double allowed = config_.limits.begin + config_.drift;
  return {.is_ready = true,
          .score = std::max(high, low),
          .low = middle - (allowed - memory.low) * unit,
          .high = middle + (allowed - memory.high) * unit,
          .reason = low > high ? "low" : "high"};
}

void Cusum::learn(Memory& memory, double value, Timestamp, const Judgement& judgement) const {
  if (is_learning(memory)) {
    memory.reference.add(value);
    if (!is_learning(memory)) memory.high = memory.low = 0.0;
    return;
  }
  const double middle = target(memory);
  const double unit = spread(memory);
  memory.high = next(memory.high, value - middle, unit);
  memory.low = next(memory.low, middle - value, unit);
  if (config_.relearns && judgement.score > config_.limits.begin) memory.reference = {};
}

bool Cusum::is_learning(const Memory& memory) const {
  return !config_.target && memory.reference.count() < static_cast<double>(config_.warm_up);
}

double Cusum::target(const Memory& memory) const {
  return config_.target.value_or(memory.reference.mean);
}

double Cusum::spread(const Memory& memory) const {
  return config_.spread.value_or(std::max(memory.reference.spread(), config_.min_spread));
}

double Cusum::next(double sum, double distance, double spread) const {
  const double units =
      distance < 0.0 ? -in_spreads(-distance, spread) : in_spreads(distance, spread);
  return std::clamp(sum + units - config_.drift, 0.0, 2.0 * config_.limits.begin);
}

}  // namespace sluice
