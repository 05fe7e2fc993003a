#include "pipelines/detectors/zscore.h"

namespace sluice {

ZScore::ZScore(const ZScoreConfig& config)
    : config_(config),
      rule_(config.within > Duration{0} ? PaneRule::of_time(config.within)
                                        : PaneRule::of_samples(config.samples)) {}

void ZScore::check(const ZScoreConfig& config, StepErrors& errors) {
  (config.is_robust ? check_robust_limits : check_limits)(config.limits, errors);
  if (config.within != Duration{0} && config.within < ZScoreConfig::shortest) {
    errors.push_back({"within", 0, "a window is at least 1ms long, for example \"1h\""});
  }
  if (config.samples < 1 || config.samples > ZScoreConfig::most_samples) {
    errors.push_back({"samples", 0, "a window holds 1 to 10000000 samples"});
  }
  // A window of samples loses a whole pane at a time.
  const PaneRule rule = PaneRule::of_samples(config.samples);
  const std::uint32_t least = rule.samples * (rule.panes - 1) + 1;
  if (config.warm_up < 2 || (config.within == Duration{0} && config.warm_up > least)) {
    errors.push_back(
        {"warm_up", 0, "needs at least 2 samples, and not more than the window always holds"});
  }
  check_not_negative("min_spread", config.min_spread, errors);
}

Judgement ZScore::judge(const Memory& memory, double value, Timestamp) const {
  const Moments known = memory.whole();
  if (known.count() < static_cast<double>(config_.warm_up)) return {};
  return judge_by_spread(value, known.mean, std::max(known.spread(), config_.min_spread),
                         config_.limits.begin);
}

void ZScore::learn(Memory& memory, double value, Timestamp time, const Judgement& judgement) const {
  memory.add(config_.is_robust ? usual_value(value, judgement) : value, time, rule_);
}

}  // namespace sluice
