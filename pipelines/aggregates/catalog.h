// The list of all aggregates.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "pipelines/aggregates/aggregate.h"

namespace sluice {

// How many of something may be written.
struct HowMany {
  std::uint8_t least;
  std::uint8_t most;
};

struct AggregateKind {
  std::string_view name;
  std::string_view usage;    // "avg(x)"
  std::string_view meaning;  // for the reference
  // The expressions that a sample is made of, in front. Two: a sample is the list of both values,
  // and is absent when one of them is.
  HowMany arguments;
  // The numbers behind them.
  HowMany parameters;
  // `parameters` are as many as may be.
  // Errors: bad_config, with what would be right.
  Result<std::unique_ptr<Aggregate>> (*make)(std::span<const double> parameters);
};

// Sorted by name.
std::span<const AggregateKind> aggregate_kinds();

// nullptr: there is no aggregate of this name.
const AggregateKind* find_aggregate(std::string_view name);

// "avg, collect, count ...", for a message.
std::string aggregate_names();

// The page on aggregates in config/reference.md: Markdown, from "## Aggregates" on.
std::string render_aggregates();

}  // namespace sluice
