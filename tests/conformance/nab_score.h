// NabScore: how good a detector is by the rules of the Numenta Anomaly Benchmark.
//
//   rows   |-- probation --|          [== window ==]
//   weight   not looked at    -1 -1 -1  1 .. .9 .. 0  -.5 .. -1 -1 -1
//                                       '- the earlier in a window, the better; only the best row
//                                          of a window counts; a window without any costs
//
// Rows whose score reaches the threshold are alarms. Their weights are those of a sigmoid; a false
// alarm behind a window costs less the closer it is. The sum over all files is then scaled, so that
// a detector that never says anything has 0, and one that finds each window at its first row and
// nothing else has 100. The threshold is the best one for the corpus as a whole.
//
// Source: Lavin and Ahmad, "Evaluating real-time anomaly detection algorithms: the Numenta anomaly
// benchmark" (2015), and the behaviour of the benchmark's own scorer where the paper is silent.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace sluice::conformance {

struct NabProfile {
  double false_positive = 0.0;  // what a false alarm costs,
  double false_negative = 0.0;  // and a window that was missed
};

struct NabWindow {  // rows, both included
  std::size_t first;
  std::size_t last;
};

// Rows at the start of a file that are never scored.
std::size_t nab_probation(std::size_t rows);

class NabScore {
 public:
  // One file: a score per row, and its windows in order.
  void add(std::span<const double> scores, std::span<const NabWindow> windows);

  // The sum over all files for this threshold.
  double raw(const NabProfile& profile, double threshold) const;
  // 0 to 100 and below, with the best threshold.
  double best(const NabProfile& profile) const;

 private:
  struct Row {
    double score;
    double weight;
    std::optional<std::size_t> window;
  };

  std::vector<Row> rows_;  // behind probation
  std::size_t windows_ = 0;
};

}  // namespace sluice::conformance
