// Threshold: a value above or below fixed levels. Nothing is learnt.
//
//   method = "threshold", above = 80.0, below = 5.0, hysteresis = 2.0, for = "30s"
//
// The score is how far the value is outside, and negative inside; an alarm begins above zero and
// ends at `hysteresis` inside.
#pragma once

#include <optional>

#include "pipelines/detectors/judgement.h"

namespace sluice {

class Threshold;

struct ThresholdConfig {
  using Method = Threshold;
  std::optional<double> above;  // at least one of the two; above >= below
  std::optional<double> below;
  double hysteresis = 0.0;  // not negative
};

class Threshold {
 public:
  static constexpr std::string_view name = "threshold";
  struct Memory {
    void save(std::string&) const {}
    void load(ByteReader&) {}
    static constexpr std::size_t max_heap_bytes = 0;
    std::size_t heap_bytes() const { return 0; }
  };

  explicit Threshold(const ThresholdConfig& config);
  // Fields named in errors: "above", "below", "hysteresis".
  static void check(const ThresholdConfig& config, StepErrors& errors);

  double limit() const { return 0.0; }
  double clear() const { return -hysteresis_; }
  Judgement judge(const Memory&, double value, Timestamp) const;
  void learn(Memory&, double, Timestamp, const Judgement&) const {}

 private:
  const double low_;
  const double high_;
  const double hysteresis_;
};

}  // namespace sluice
