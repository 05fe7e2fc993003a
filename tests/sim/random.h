// Random: all chance of one run. The same seed gives the same numbers on every machine, which the
// distributions of the standard library do not promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

#include "core/clock.h"

namespace sluice::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // In [0, bound); bound > 0. The bias of the remainder does not matter here.
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  // In [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  std::size_t count(std::size_t low, std::size_t high) { return low + index(high - low + 1); }
  bool is_true(unsigned percent) { return below(100) < percent; }
  std::size_t index(std::size_t size) { return static_cast<std::size_t>(below(size)); }
  Duration milliseconds(std::uint64_t low, std::uint64_t high) {
    return std::chrono::milliseconds(between(low, high));
  }
  // An index, each as likely as its weight says.
  std::size_t weighted(std::span<const unsigned> weights) {
    std::uint64_t total = 0;
    for (const unsigned weight : weights) total += weight;
    std::uint64_t at = below(total);
    std::size_t index = 0;
    while (at >= weights[index]) at -= weights[index++];
    return index;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sluice::sim
