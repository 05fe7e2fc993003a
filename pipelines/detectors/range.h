// Range: how far a value, or the mean of the last few, lies outside all that the last samples were,
// in widths of that range.
//
//                                               o   an alarm
//   highest + 0.05 widths  - - - - - - - - - - - - - - - - -
//   highest  -------o---------------o-----------------------
//              o  o   o     o o  o    o   o  o                 all of the last samples
//   lowest   -----------o-----------------------------------
//   lowest - 0.05 widths   - - - - - - - - - - - - - - - - -
//
//   method = "range", limit = 0.05, samples = 4096, smooth = 16
//
// It asks for no distribution: a signal may rest, swing by the day or jump between two levels, and
// what it did before within the window is usual. The mean of the last `smooth` samples has a range
// of its own, so that a small shift that lasts is seen as well. What was found becomes part of the
// range with the next sample, so an alarm ends soon by itself; `clear_for` joins what belongs
// together.
#pragma once

#include <cstdint>
#include <vector>

#include "pipelines/detectors/judgement.h"
#include "pipelines/detectors/moments.h"
#include "pipelines/detectors/panes.h"

namespace sluice {

class Range;

struct RangeConfig {
  using Method = Range;
  static constexpr std::uint32_t most_samples = 10'000'000;
  static constexpr std::uint32_t most_smooth = 64;

  Limits limits{0.05, {}};
  std::uint32_t samples = 4096;  // of the window
  std::uint32_t smooth = 16;     // 1: no mean is looked at
  std::uint32_t warm_up = 100;   // samples before the first verdict
  double min_spread = 0.0;       // the range is taken as at least this wide
};

class Range {
 public:
  static constexpr std::string_view name = "range";
  struct Memory {
    Panes<Extent> values;
    Panes<Extent> means;
    std::vector<double> last;  // smooth - 1 values, the oldest first

    void save(std::string& out) const;
    void load(ByteReader& in);
    static constexpr std::size_t max_heap_bytes =
        2 * Panes<Extent>::max_heap_bytes + 2 * RangeConfig::most_smooth * sizeof(double);
    std::size_t heap_bytes() const {
      return values.heap_bytes() + means.heap_bytes() + last.capacity() * sizeof(double);
    }
  };

  explicit Range(const RangeConfig& config)
      : config_(config), rule_(PaneRule::of_samples(config.samples)) {}
  // Fields named in errors: "limit", "clear", "samples", "smooth", "warm_up", "min_spread".
  static void check(const RangeConfig& config, StepErrors& errors);

  double limit() const { return config_.limits.begin; }
  double clear() const { return config_.limits.end(); }
  Judgement judge(const Memory& memory, double value, Timestamp time) const;
  void learn(Memory& memory, double value, Timestamp time, const Judgement& judgement) const;

 private:
  bool has_mean(const Memory& memory) const {
    return config_.smooth > 1 && memory.last.size() + 1 >= config_.smooth;
  }
  Judgement judge_in(const Extent& known, double value) const;

  const RangeConfig config_;
  const PaneRule rule_;
};

}  // namespace sluice
