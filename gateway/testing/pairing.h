// Which event that came out belongs to which expected one, so that a failure shows the difference
// that a person looks for: one event too many is one line, not a list in which nothing agrees.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace sluice {

// Indexes into the expected events and those that came out. One alone: the other has no partner.
struct Pair {
  std::optional<std::size_t> expected;
  std::optional<std::size_t> got;
  bool is_match = false;
};

// True when the expected event matches the one that came out.
using IsPair = std::function<bool(std::size_t expected, std::size_t got)>;

// The longest common sequence is paired; what lies between is paired one by one as it stands.
// All pairs match exactly when the lists agree place by place.
std::vector<Pair> pair_in_order(std::size_t expected, std::size_t got, const IsPair& is_pair);

// As many pairs as can match, whatever the order; the rest is paired one by one as it stands.
std::vector<Pair> pair_in_any_order(std::size_t expected, std::size_t got, const IsPair& is_pair);

}  // namespace sluice
