#include "pipelines/detectors/ewma.h"

#include <cmath>

#include "pipelines/aggregates/numbers.h"

namespace sluice {

void EwmaLimits::Memory::save(std::string& out) const {
  put_varint(out, samples);
  put_double(out, mean);
  put_double(out, variance);
}

void EwmaLimits::Memory::load(ByteReader& in) {
  samples = static_cast<std::uint32_t>(in.varint());
  mean = read_double(in);
  variance = read_double(in);
}

void EwmaLimits::check(const EwmaConfig& config, StepErrors& errors) {
  (config.is_robust ? check_robust_limits : check_limits)(config.limits, errors);
  if (!(config.weight > 0.0 && config.weight < 1.0)) {
    errors.push_back({"weight", 0, "a weight lies between 0 and 1, for example 0.05"});
  }
  if (config.warm_up < 2) errors.push_back({"warm_up", 0, "needs at least 2 samples"});
  check_not_negative("min_spread", config.min_spread, errors);
}

Judgement EwmaLimits::judge(const Memory& memory, double value, Timestamp) const {
  if (memory.samples < config_.warm_up) return {};
  return judge_by_spread(value, memory.mean,
                         std::max(std::sqrt(memory.variance), config_.min_spread),
                         config_.limits.begin);
}

void EwmaLimits::learn(Memory& memory, double value, Timestamp, const Judgement& judgement) const {
  const double learnt = config_.is_robust ? usual_value(value, judgement) : value;
  if (memory.samples < config_.warm_up ||
      static_cast<double>(memory.samples) * config_.weight < 1.0) {
    ++memory.samples;
  }
  const double weight = std::max(config_.weight, 1.0 / static_cast<double>(memory.samples));
  const double distance = learnt - memory.mean;
  const double step = weight * distance;
  memory.mean += step;
  memory.variance = (1.0 - weight) * (memory.variance + distance * step);
}

}  // namespace sluice
