// ZScore: how many standard deviations a value is away from the mean of the last samples, or of
// those of the last time (panes.h).
//
//   method = "zscore", limit = 4.0, samples = 300          or  within = "1h"
#pragma once

#include "pipelines/detectors/judgement.h"
#include "pipelines/detectors/moments.h"
#include "pipelines/detectors/panes.h"

namespace sluice {

class ZScore;

struct ZScoreConfig {
  using Method = ZScore;
  static constexpr std::uint32_t most_samples = 10'000'000;
  static constexpr Duration shortest = std::chrono::milliseconds(1);

  Limits limits{4.0, {}};
  std::uint32_t samples = 300;  // of the window, when `within` is zero; 1 to most_samples
  Duration within{0};           // length of the window; 0, or at least `shortest`
  std::uint32_t warm_up = 30;   // samples in the window before the first verdict; 2 or more
  bool is_robust = true;        // an unusual value moves the mean only as far as a usual one can
  double min_spread = 0.0;      // the deviation is taken as at least this
};

class ZScore {
 public:
  static constexpr std::string_view name = "zscore";
  using Memory = Panes<Moments>;

  explicit ZScore(const ZScoreConfig& config);
  // Fields named in errors: "limit", "clear", "samples", "within", "warm_up", "min_spread".
  static void check(const ZScoreConfig& config, StepErrors& errors);

  double limit() const { return config_.limits.begin; }
  double clear() const { return config_.limits.end(); }
  Judgement judge(const Memory& memory, double value, Timestamp time) const;
  void learn(Memory& memory, double value, Timestamp time, const Judgement& judgement) const;

 private:
  const ZScoreConfig config_;
  const PaneRule rule_;
};

}  // namespace sluice
