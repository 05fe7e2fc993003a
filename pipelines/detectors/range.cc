#include "pipelines/detectors/range.h"

namespace sluice {
namespace {

double sum_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum;
}

}  // namespace

void Range::Memory::save(std::string& out) const {
  values.save(out);
  means.save(out);
  put_varint(out, last.size());
  for (const double value : last) put_double(out, value);
}

void Range::Memory::load(ByteReader& in) {
  values.load(in);
  means.load(in);
  const std::size_t count = in.count();
  if (count >= RangeConfig::most_smooth) in.fail();
  if (!in.is_ok()) return;
  last.resize(count);
  for (double& value : last) value = read_double(in);
}

void Range::check(const RangeConfig& config, StepErrors& errors) {
  check_limits(config.limits, errors);
  check_not_negative("min_spread", config.min_spread, errors);
  if (config.samples < 1 || config.samples > RangeConfig::most_samples) {
    errors.push_back({"samples", 0, "a window holds 1 to 10000000 samples"});
  }
  if (config.smooth < 1 || config.smooth > RangeConfig::most_smooth) {
    errors.push_back({"smooth", 0, "needs 1 to 64 samples"});
  }
  // A window of samples loses a whole pane at a time.
  const PaneRule rule = PaneRule::of_samples(config.samples);
  if (config.warm_up < 1 || config.warm_up > rule.samples * (rule.panes - 1) + 1) {
    errors.push_back(
        {"warm_up", 0, "needs at least 1 sample, and not more than the window always holds"});
  }
}

Judgement Range::judge_in(const Extent& known, double value) const {
  if (known.count() < static_cast<double>(config_.warm_up)) return {};
  const double width = std::max(known.width(), config_.min_spread);
  return {.is_ready = true,
          .score = in_spreads(known.distance_of(value), width),
          .low = known.lowest - config_.limits.begin * width,
          .high = known.highest + config_.limits.begin * width,
          .reason = value < known.lowest ? "low" : "high"};
}

Judgement Range::judge(const Memory& memory, double value, Timestamp) const {
  Judgement result = judge_in(memory.values.whole(), value);
  if (!result.is_ready || !has_mean(memory)) return result;
  const double others = sum_of(memory.last);
  const auto number = static_cast<double>(config_.smooth);
  const Judgement mean = judge_in(memory.means.whole(), (others + value) / number);
  if (!mean.is_ready) return result;
  // The value that would take the mean to its bound.
  result.low = std::max(result.low, mean.low * number - others);
  result.high = std::min(result.high, mean.high * number - others);
  if (mean.score > result.score) {
    result.score = mean.score;
    result.reason = mean.reason == "low" ? "mean_low" : "mean_high";
  }
  return result;
}

void Range::learn(Memory& memory, double value, Timestamp time, const Judgement&) const {
  memory.values.add(value, time, rule_);
  if (config_.smooth <= 1) return;
  if (has_mean(memory)) {
    const double mean = (sum_of(memory.last) + value) / static_cast<double>(config_.smooth);
    memory.means.add(mean, time, rule_);
    memory.last.erase(memory.last.begin());
  }
  memory.last.push_back(value);
}

}  // namespace sluice
