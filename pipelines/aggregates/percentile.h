// percentile(x, 99): the value that 99 % of all are not above; median(x) is percentile(x, 50).
// percentiles(x, 50, 90, 99.9): several of one sketch, a map {p50: .., p90: .., p99_9: ..} in this
// order. All are doubles; of nothing each is null. The error is that of quantile_sketch.h: 0.78 %
// of the value, more when the values spread widely. percentile(x, 0) and (x, 100) are exact.
//
// histogram(x): the sketch itself, a list of [from, to, count] for each of its buckets in use.
// histogram(x, 10, 20, 50): exact counts of the values below 10, from 10 to below 20, from 20 to
// below 50, and of 50 or more: a list with one number more than there are bounds (64 at most).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "pipelines/aggregates/aggregate.h"
#include "pipelines/aggregates/quantile_sketch.h"

namespace sluice {

// Errors: bad_config, with what would be right.
Result<std::unique_ptr<Aggregate>> make_percentile(std::span<const double> parameters);
Result<std::unique_ptr<Aggregate>> make_median(std::span<const double> parameters);
Result<std::unique_ptr<Aggregate>> make_percentiles(std::span<const double> parameters);
Result<std::unique_ptr<Aggregate>> make_histogram(std::span<const double> parameters);

}  // namespace sluice
