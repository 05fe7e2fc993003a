#include "tests/conformance/nab_score.h"

#include <algorithm>
#include <cmath>

namespace sluice::conformance {
namespace {

// Near 1 long before zero, 0 at zero, near -1 long behind; exactly -1 from 3 on.
double sigmoid(double position) {
  return position >= 3.0 ? -1.0 : 2.0 / (1.0 + std::exp(5.0 * position)) - 1.0;
}

double true_weight(const NabWindow& window, std::size_t row) {
  const auto width = static_cast<double>(window.last - window.first + 1);
  return sigmoid(-static_cast<double>(window.last - row + 1) / width) / sigmoid(-1.0);
}

double false_weight(const NabWindow* before, std::size_t row) {
  if (before == nullptr) return -1.0;
  return sigmoid(static_cast<double>(row - before->last) /
                 static_cast<double>(before->last - before->first));
}

// Adds up alarms as they come.
class Sum {
 public:
  Sum(const NabProfile& profile, std::size_t windows)
      : profile_(profile),
        sum_(-profile.false_negative * static_cast<double>(windows)),
        windows_(windows, -profile.false_negative) {}

  void add(double weight, std::optional<std::size_t> window) {
    if (!window) {
      sum_ += profile_.false_positive * weight;
    } else if (weight > windows_[*window]) {
      sum_ += weight - windows_[*window];
      windows_[*window] = weight;
    }
  }
  double value() const { return sum_; }

 private:
  const NabProfile profile_;
  double sum_;
  std::vector<double> windows_;  // the best of each so far
};

}  // namespace

std::size_t nab_probation(std::size_t rows) { return std::min<std::size_t>(rows * 15 / 100, 750); }

void NabScore::add(std::span<const double> scores, std::span<const NabWindow> windows) {
  std::size_t next = 0;  // window that has not ended
  for (std::size_t row = 0; row < scores.size(); ++row) {
    while (next < windows.size() && windows[next].last < row) ++next;
    const bool is_inside = next < windows.size() && windows[next].first <= row;
    if (row < nab_probation(scores.size())) continue;
    if (is_inside) {
      rows_.push_back({scores[row], true_weight(windows[next], row), windows_ + next});
    } else {
      const NabWindow* before = next == 0 ? nullptr : &windows[next - 1];
      rows_.push_back({scores[row], false_weight(before, row), std::nullopt});
    }
  }
  windows_ += windows.size();
}

double NabScore::raw(const NabProfile& profile, double threshold) const {
  Sum sum(profile, windows_);
  for (const Row& row : rows_) {
    if (row.score >= threshold) sum.add(row.weight, row.window);
  }
  return sum.value();
}

double NabScore::best(const NabProfile& profile) const {
  std::vector<Row> rows = rows_;
  std::ranges::sort(rows, std::ranges::greater(), &Row::score);
  Sum sum(profile, windows_);
  const double silent = sum.value();
  double best = silent;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    sum.add(rows[i].weight, rows[i].window);
    const bool is_last_of_score = i + 1 == rows.size() || rows[i + 1].score != rows[i].score;
    if (is_last_of_score) best = std::max(best, sum.value());
  }
  return 100.0 * (best - silent) / (static_cast<double>(windows_) - silent);
}

}  // namespace sluice::conformance
