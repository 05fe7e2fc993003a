// Cusum: adds up how far values lie above the target, and how far below, and so finds a small shift
// that lasts, which no single value shows.
//
//   high = max(0, high + (value - target) / spread - drift)      the score is the larger of the two
//   low  = max(0, low  - (value - target) / spread - drift)
//
//   method = "cusum", limit = 5.0, drift = 0.5        target and spread from the first samples
//
// A sum stops at twice the limit, so that an alarm ends soon after its cause. With `relearn` an
// alarm's cause is the new normal: target and spread are learnt anew from the next `warm_up`
// samples, during which the score stays as it is, and the sums then begin at zero.
//
// Source: Page, "Continuous inspection schemes" (1954).
#pragma once

#include <cstdint>
#include <optional>

#include "pipelines/detectors/judgement.h"
#include "pipelines/detectors/moments.h"

namespace sluice {

class Cusum;

struct CusumConfig {
  using Method = Cusum;
  Limits limits{5.0, {}};
  double drift = 0.5;              // in spreads: what a value may lie off for ever; not negative
  std::uint32_t warm_up = 30;      // samples from which target and spread are learnt; 2 or more
  std::optional<double> target{};  // given instead of learnt, with `spread`
  std::optional<double> spread{};  // above zero
  bool relearns = false;
  double min_spread = 0.0;  // a spread that was learnt is taken as at least this
};

class Cusum {
 public:
  static constexpr std::string_view name = "cusum";
  struct Memory {
    Moments reference;  // up to warm_up samples
    double high = 0.0;
    double low = 0.0;

    void save(std::string& out) const;
    void load(ByteReader& in);
    static constexpr std::size_t max_heap_bytes = 0;
    std::size_t heap_bytes() const { return 0; }
  };

  explicit Cusum(const CusumConfig& config) : config_(config) {}
  // Fields named in errors: "limit", "clear", "drift", "warm_up", "target", "spread", "min_spread",
  // "relearn".
  static void check(const CusumConfig& config, StepErrors& errors);

  double limit() const { return config_.limits.begin; }
  double clear() const { return config_.limits.end(); }
  Judgement judge(const Memory& memory, double value, Timestamp time) const;
  void learn(Memory& memory, double value, Timestamp time, const Judgement& judgement) const;

 private:
  bool is_learning(const Memory& memory) const;
  double target(const Memory& memory) const;
  double spread(const Memory& memory) const;
  // What the sum is after a value this far (with its sign) on the sum's side.
  double next(double sum, double distance, double spread) const;

  const CusumConfig config_;
};

}  // namespace sluice
