#include "pipelines/expression/sorting.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "pipelines/expression/compare.h"

namespace sluice::cel {

Value sorted_by(std::span<const Value> items, std::span<const Value> keys, Context& context) {
  for (const Value& key : keys) {
    // NaN has no place in an order.
    const bool is_nan = key.kind() == Kind::number && std::isnan(key.as_double());
    if (is_nan || !has_order(key, keys.front())) {
      return context.error({"a list of such values has no order"});
    }
  }
  if (!context.spend(items.size() * (std::bit_width(items.size()) + 1U))) {
    return Context::over_budget();
  }
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return std::is_lt(compare(keys[a], keys[b])); });
  Value* sorted = context.arena().array<Value>(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) sorted[i] = items[order[i]];
  return Value::list({sorted, items.size()});
}

}  // namespace sluice::cel
