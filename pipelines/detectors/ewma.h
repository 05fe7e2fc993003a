// Ewma: how many standard deviations a value is away from the mean, where both follow the signal:
// the latest sample has the weight `weight`, and what was known before has the rest.
//
//   method = "ewma", weight = 0.05, limit = 4.0
//
// The first samples weigh alike (the n-th 1/n) until that is less than `weight`.
//
// Source: West, "Updating mean and variance estimates" (1979).
#pragma once

#include <cstdint>

#include "pipelines/detectors/judgement.h"

namespace sluice {

class EwmaLimits;

struct EwmaConfig {
  using Method = EwmaLimits;
  Limits limits{4.0, {}};
  double weight = 0.05;        // above 0, below 1
  std::uint32_t warm_up = 30;  // samples before the first verdict; 2 or more
  bool is_robust = true;       // an unusual value moves the mean only as far as a usual one can
  double min_spread = 0.0;     // the deviation is taken as at least this
};

class EwmaLimits {
 public:
  static constexpr std::string_view name = "ewma";
  struct Memory {
    std::uint32_t samples = 0;  // stops growing at the warm-up or at 1/weight
    double mean = 0.0;
    double variance = 0.0;

    void save(std::string& out) const;
    void load(ByteReader& in);
    static constexpr std::size_t max_heap_bytes = 0;
    std::size_t heap_bytes() const { return 0; }
  };

  explicit EwmaLimits(const EwmaConfig& config) : config_(config) {}
  // Fields named in errors: "limit", "clear", "weight", "warm_up", "min_spread".
  static void check(const EwmaConfig& config, StepErrors& errors);

  double limit() const { return config_.limits.begin; }
  double clear() const { return config_.limits.end(); }
  Judgement judge(const Memory& memory, double value, Timestamp time) const;
  void learn(Memory& memory, double value, Timestamp time, const Judgement& judgement) const;

 private:
  const EwmaConfig config_;
};

}  // namespace sluice
