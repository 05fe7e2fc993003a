#include "gateway/testing/pairing.h"

#include <algorithm>

namespace sluice {
namespace {

// Longer lists are not aligned: the table would have more cells than anybody waits for.
constexpr std::size_t max_cells = 1'000'000;

// Pairs [expected_from, expected_to) with [got_from, got_to) as they stand; nothing of it matches.
void pair_rest(std::size_t expected_from, std::size_t expected_to, std::size_t got_from,
               std::size_t got_to, std::vector<Pair>& out) {
  while (expected_from < expected_to || got_from < got_to) {
    Pair pair;
    if (expected_from < expected_to) pair.expected = expected_from++;
    if (got_from < got_to) pair.got = got_from++;
    out.push_back(pair);
  }
}

std::vector<Pair> pair_by_place(std::size_t expected, std::size_t got, const IsPair& is_pair) {
  std::vector<Pair> pairs;
  pair_rest(0, expected, 0, got, pairs);
  for (Pair& pair : pairs) {
    if (pair.expected && pair.got) pair.is_match = is_pair(*pair.expected, *pair.got);
  }
  return pairs;
}

// Finds partners by augmenting paths (bipartite matching): an event that two expectations would
// take goes to the one that has no other.
class Matcher {
 public:
  Matcher(std::size_t expected, std::size_t got, const IsPair& is_pair)
      : is_pair_(is_pair), of_expected_(expected), of_got_(got) {
    for (std::size_t i = 0; i < expected; ++i) {
      seen_.assign(got, false);
      find(i);
    }
  }

  std::optional<std::size_t> partner_of_expected(std::size_t i) const { return of_expected_[i]; }
  bool has_partner(std::size_t got) const { return of_got_[got].has_value(); }

 private:
  bool find(std::size_t i) {
    for (std::size_t j = 0; j < of_got_.size(); ++j) {
      if (seen_[j] || !is_pair_(i, j)) continue;
      seen_[j] = true;
      if (of_got_[j] && !find(*of_got_[j])) continue;
      of_got_[j] = i;
      of_expected_[i] = j;
      return true;
    }
    return false;
  }

  const IsPair& is_pair_;
  std::vector<std::optional<std::size_t>> of_expected_;
  std::vector<std::optional<std::size_t>> of_got_;
  std::vector<bool> seen_;  // by got, in the search under way
};

}  // namespace

std::vector<Pair> pair_in_order(std::size_t expected, std::size_t got, const IsPair& is_pair) {
  std::vector<Pair> by_place = pair_by_place(expected, got, is_pair);
  const bool is_too_long = got > 0 && expected > max_cells / got;
  if (std::ranges::all_of(by_place, &Pair::is_match) || is_too_long) return by_place;
  // length[i][j]: of the longest common sequence of expected[i..] and got[j..].
  const std::size_t width = got + 1;
  std::vector<std::size_t> length((expected + 1) * width, 0);
  std::vector<bool> matches(expected * width, false);
  for (std::size_t i = expected; i-- > 0;) {
    for (std::size_t j = got; j-- > 0;) {
      matches[i * width + j] = is_pair(i, j);
      length[i * width + j] =
          matches[i * width + j] ? length[(i + 1) * width + j + 1] + 1
                                 : std::max(length[(i + 1) * width + j], length[i * width + j + 1]);
    }
  }
  std::vector<Pair> pairs;
  std::size_t i = 0;
  std::size_t j = 0;
  std::size_t rest_i = 0;  // where the part that is not common began
  std::size_t rest_j = 0;
  while (i < expected && j < got) {
    if (matches[i * width + j]) {
      pair_rest(rest_i, i, rest_j, j, pairs);
      pairs.push_back({i++, j++, true});
      rest_i = i;
      rest_j = j;
    } else if (length[(i + 1) * width + j] >= length[i * width + j + 1]) {
      ++i;
    } else {
      ++j;
    }
  }
  pair_rest(rest_i, expected, rest_j, got, pairs);
  return pairs;
}

std::vector<Pair> pair_in_any_order(std::size_t expected, std::size_t got, const IsPair& is_pair) {
  const Matcher matcher(expected, got, is_pair);
  std::vector<Pair> pairs;
  std::size_t next_got = 0;  // among those without a partner
  const auto take_got = [&]() -> std::optional<std::size_t> {
    while (next_got < got && matcher.has_partner(next_got)) ++next_got;
    return next_got < got ? std::optional(next_got++) : std::nullopt;
  };
  for (std::size_t i = 0; i < expected; ++i) {
    if (const auto partner = matcher.partner_of_expected(i)) {
      pairs.push_back({i, partner, true});
    } else {
      pairs.push_back({i, take_got(), false});
    }
  }
  while (const auto left = take_got()) pairs.push_back({std::nullopt, left, false});
  return pairs;
}

}  // namespace sluice
