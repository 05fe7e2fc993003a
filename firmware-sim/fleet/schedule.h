// Schedule: which device of a fleet measures when. The fleet's rate is spread evenly; each device
// has a phase of its own (by the seed), so they do not all speak at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::sim {

class Schedule {
 public:
  using Offset = std::chrono::nanoseconds;  // since the run's start

  // `devices` are the devices' indexes; each measures every `interval` until `end`.
  Schedule(std::uint64_t seed, const std::vector<std::uint32_t>& devices, Offset interval,
           Offset end);

  bool is_over() const { return order_.empty() || due() >= end_; }
  // When, and the position in `devices` of who is next. Only while not is_over().
  Offset due() const { return round_ * interval_ + order_[position_].first; }
  std::size_t device() const { return order_[position_].second; }
  void advance();

 private:
  std::vector<std::pair<Offset, std::size_t>> order_;  // phase, position; by phase
  Offset interval_;
  Offset end_;
  std::size_t position_ = 0;
  std::int64_t round_ = 0;
};

}  // namespace sluice::sim
