#include "pipelines/aggregates/catalog.h"

#include <algorithm>
#include <cmath>

#include "pipelines/aggregates/avg.h"
#include "pipelines/aggregates/collect.h"
#include "pipelines/aggregates/count.h"
#include "pipelines/aggregates/first_last.h"
#include "pipelines/aggregates/min_max.h"
#include "pipelines/aggregates/stddev.h"
#include "pipelines/aggregates/sum.h"

namespace sluice {
namespace {

using Made = Result<std::unique_ptr<Aggregate>>;

template <AggregateState State>
Made make(std::span<const double>) {
  return Made(std::make_unique<AggregateOf<State>>());
}

Made make_collect(std::span<const double> parameters) {
  Collect initial;
  if (!parameters.empty()) {
    const double limit = parameters.front();
    if (!(limit >= 1.0 && limit <= Collect::max_limit) || std::floor(limit) != limit) {
      return Error{ErrorKind::bad_config,
                   "collect keeps a whole number of values from 1 to 1000, as in collect(x, 20)"};
    }
    initial.limit = static_cast<std::uint32_t>(limit);
  }
  return Made(std::make_unique<AggregateOf<Collect>>(std::move(initial)));
}

constexpr AggregateKind kinds[] = {
    {"avg", "avg(x)", true, false, make<Avg>},
    {"collect", "collect(x) or collect(x, 20)", true, true, make_collect},
    {"count", "count() or count(x)", false, false, make<Count>},
    {"first", "first(x)", true, false, make<First>},
    {"last", "last(x)", true, false, make<Last>},
    {"max", "max(x)", true, false, make<Max>},
    {"min", "min(x)", true, false, make<Min>},
    {"stddev", "stddev(x)", true, false, make<Stddev>},
    {"sum", "sum(x)", true, false, make<Sum>},
};

}  // namespace

std::span<const AggregateKind> aggregate_kinds() { return kinds; }

const AggregateKind* find_aggregate(std::string_view name) {
  const auto* const found = std::ranges::find(kinds, name, &AggregateKind::name);
  return found == std::end(kinds) ? nullptr : found;
}

std::string aggregate_names() {
  std::string names;
  for (const AggregateKind& kind : kinds) {
    if (!names.empty()) names += ", ";
    names += kind.name;
  }
  return names;
}

}  // namespace sluice
