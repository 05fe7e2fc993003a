// The list of all aggregates.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "pipelines/aggregates/aggregate.h"

namespace sluice {

struct AggregateKind {
  std::string_view name;
  std::string_view usage;  // "avg(x)"
  bool needs_argument;     // false: it may stand with empty parentheses
  bool takes_parameter;    // a number after the argument
  // `parameters` holds what follows the argument: nothing, or one number if it takes one.
  // Errors: bad_config, with what would be right.
  Result<std::unique_ptr<Aggregate>> (*make)(std::span<const double> parameters);
};

// Sorted by name.
std::span<const AggregateKind> aggregate_kinds();

// nullptr: there is no aggregate of this name.
const AggregateKind* find_aggregate(std::string_view name);

// "avg, collect, count ...", for a message.
std::string aggregate_names();

}  // namespace sluice
