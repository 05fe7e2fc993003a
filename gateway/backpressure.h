// Backpressure: which sources wait because the store is nearly full.
//
//   used / max  0 ............... low ......... high ............... limit ..... 1
//                  all go on  <---'              '--> sources of a     '--> all wait
//                                                     full sink wait
//
// A sink is full when it holds back a good part of what fills the store; a source that feeds only
// sinks that keep up, or whose policy makes room, goes on. What lies above the limit is for trims,
// positions and dead letters. Engine thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "storage/head.h"

namespace sluice {

// Shares of storage.max_size.
struct WaterMarks {
  double low = 0.85;
  double high = 0.90;
  double limit() const { return high + (1 - high) / 2; }
};

class Backpressure {
 public:
  // The numbers of the sinks that each source's events can reach, and of those whose policy makes
  // room by itself.
  Backpressure(WaterMarks marks, std::vector<std::vector<std::uint16_t>> sinks_of_sources,
               std::set<std::uint16_t> lossy_sinks = {});

  // `share` of the store is used. True when other sources wait than before.
  bool update(double share, const Head& head);
  // A commit found no space: all wait until update() sees some. True as above.
  bool fill();

  bool waits(std::size_t source) const { return waits_[source]; }
  bool is_any_waiting() const;
  bool are_all_waiting() const;

 private:
  std::vector<std::uint16_t> full_sinks(const Head& head) const;

  const WaterMarks marks_;
  const std::vector<std::vector<std::uint16_t>> sinks_of_sources_;
  const std::set<std::uint16_t> lossy_sinks_;
  std::vector<bool> waits_;  // by source
};

}  // namespace sluice
