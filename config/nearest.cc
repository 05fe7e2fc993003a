#include "config/nearest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace sluice {
namespace {

// Longer words are not names of ours; the bound keeps the cost of a hostile file small.
constexpr std::size_t max_word_bytes = 64;
constexpr std::size_t max_listed = 12;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment distance: row i holds the edits from a[0, i) to each prefix of b.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = std::move(last);
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool is_same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (is_same ? 0 : 1)});
      const bool is_swap = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (is_swap) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string_view> nearest_name(std::string_view word,
                                             std::span<const std::string_view> known) {
  if (word.empty() || word.size() > max_word_bytes) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t fewest = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view name : known) {
    if (name.size() > max_word_bytes) continue;
    const std::size_t count = edits(word, name);
    if (count >= fewest) continue;
    fewest = count;
    best = name;
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  if (const auto near = nearest_name(word, known)) {
    return "; did you mean '" + std::string(*near) + "'?";
  }
  if (known.empty() || known.size() > max_listed) return {};
  std::string out = "; known are";
  for (std::size_t i = 0; i < known.size(); ++i) {
    out += (i == 0 ? " " : ", ") + std::string(known[i]);
  }
  return out;
}

}  // namespace sluice
