#include "pipelines/aggregates/catalog.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "pipelines/aggregates/area.h"
#include "pipelines/aggregates/arg_min_max.h"
#include "pipelines/aggregates/avg.h"
#include "pipelines/aggregates/collect.h"
#include "pipelines/aggregates/count.h"
#include "pipelines/aggregates/counter.h"
#include "pipelines/aggregates/delta.h"
#include "pipelines/aggregates/distinct.h"
#include "pipelines/aggregates/ewma.h"
#include "pipelines/aggregates/first_last.h"
#include "pipelines/aggregates/line.h"
#include "pipelines/aggregates/min_max.h"
#include "pipelines/aggregates/percentile.h"
#include "pipelines/aggregates/spread.h"
#include "pipelines/aggregates/sum.h"
#include "pipelines/aggregates/top_k.h"

namespace sluice {
namespace {

using Made = Result<std::unique_ptr<Aggregate>>;

template <AggregateState State>
Made make(std::span<const double>) {
  return Made(std::make_unique<AggregateOf<State>>());
}

// For collect and top_k.
template <AggregateState State>
Made make_limited(std::span<const double> parameters, std::string_view wanted) {
  State initial;
  if (!parameters.empty()) {
    const double limit = parameters.front();
    if (!(limit >= 1.0 && limit <= State::max_limit) || std::floor(limit) != limit) {
      return Error{ErrorKind::bad_config, std::string(wanted)};
    }
    initial.limit = static_cast<std::uint32_t>(limit);
  }
  return Made(std::make_unique<AggregateOf<State>>(std::move(initial)));
}

Made make_collect(std::span<const double> parameters) {
  return make_limited<Collect>(
      parameters, "collect keeps a whole number of values from 1 to 1000, as in collect(x, 20)");
}

Made make_top_k(std::span<const double> parameters) {
  return make_limited<TopK>(parameters,
                            "top_k gives a whole number of values from 1 to 50, as in top_k(x, 5)");
}

Made make_ewma(std::span<const double> parameters) {
  FadingMean initial;
  if (!parameters.empty()) initial.alpha = parameters.front();
  if (!(initial.alpha > 0.0 && initial.alpha <= 1.0)) {
    return Error{ErrorKind::bad_config,
                 "the weight of the latest value is more than 0 and at most 1, as in ewma(x, 0.3)"};
  }
  return Made(std::make_unique<AggregateOf<Ewma>>(Ewma(initial)));
}

constexpr HowMany none{0, 0};
constexpr HowMany one{1, 1};
constexpr HowMany two{2, 2};
constexpr HowMany up_to_one{0, 1};

constexpr AggregateKind kinds[] = {
    {"argmax", "argmax(x, by)",
     "The x of the event whose `by`, a number, is highest; of equal ones the first that came.", two,
     none, make<ArgMax>},
    {"argmin", "argmin(x, by)", "The x of the event whose `by` is lowest.", two, none,
     make<ArgMin>},
    {"avg", "avg(x)", "The arithmetic mean.", one, none, make<Avg>},
    {"collect", "collect(x) or collect(x, 20)",
     "A list of the first values, 100 or as many as the number says, up to 1000; any values of up "
     "to 1024 bytes.",
     one, up_to_one, make_collect},
    {"count", "count() or count(x)",
     "How many events; those in which x is there, or, when x is a bool, true: count(data.t > "
     "80.0).",
     up_to_one, none, make<Count>},
    {"delta", "delta(x)", "The latest value less the earliest; null of fewer than two.", one, none,
     make<Delta>},
    {"distinct", "distinct(x)",
     "How many different values: exact up to 256, then estimated with a standard error of 2.3 %.",
     one, none, make<Distinct>},
    {"ewma", "ewma(x) or ewma(x, 0.3)",
     "The exponentially weighted moving average; the number is the weight of each new value, "
     "without it 0.2. *",
     one, up_to_one, make_ewma},
    {"first", "first(x)", "The value with the earliest event time; any value of up to 1024 bytes.",
     one, none, make<First>},
    {"histogram", "histogram(x) or histogram(x, 10, 20, 50)",
     "How many values fell below the first number, between the first and the second ..., and from "
     "the last on, exactly: a list of ints. Without numbers a list of [from, to, count], each "
     "bucket as wide as percentile is accurate.",
     one, HowMany{0, 64}, make_histogram},
    {"increase", "increase(x)",
     "How far a counter has come; a reading below the last one means that it began again at zero. "
     "*",
     one, none, make<Increase>},
    {"integral", "integral(x)",
     "The area under straight lines between the values, in units of x times seconds. *", one, none,
     make<Integral>},
    {"intercept", "intercept(x)",
     "The value, at the earliest event's time, of the straight line of least squares through the "
     "values.",
     one, none, make<Intercept>},
    {"last", "last(x)", "The value with the latest event time; any value of up to 1024 bytes.", one,
     none, make<Last>},
    {"max", "max(x)", "The highest number, as the int or double that it came as.", one, none,
     make<Max>},
    {"median", "median(x)", "The same as percentile(x, 50).", one, none, make_median},
    {"min", "min(x)", "The lowest number, as the int or double that it came as.", one, none,
     make<Min>},
    {"mode", "mode(x)",
     "The most frequent value; of equally frequent numbers the lowest. Certain for up to 64 "
     "different values, and beyond when it leads by a 65th of all.",
     one, none, make<Mode>},
    {"percentile", "percentile(x, 99)",
     "The value that so many percent of all are not above, within 0.78 % of it; when the values "
     "spread over more than a factor of 15 within 1.6 %, of 224 3.1 %, of 49,152 6.2 %.",
     one, one, make_percentile},
    {"percentiles", "percentiles(x, 50, 90, 99)",
     "Several percentiles at the price of one: {p50: .., p90: .., p99: ..}; 99.9 is p99_9.", one,
     HowMany{1, 16}, make_percentiles},
    {"rate", "rate(x)", "increase(x) a second. *", one, none, make<Rate>},
    {"slope", "slope(x)",
     "The slope of the straight line of least squares through the values, in units of x a second.",
     one, none, make<Slope>},
    {"stddev", "stddev(x)", "The standard deviation of a sample; null of fewer than two values.",
     one, none, make<Stddev>},
    {"sum", "sum(x)",
     "An int while all values are and it fits, else a double that has lost nothing on the way.",
     one, none, make<Sum>},
    {"time_weighted_avg", "time_weighted_avg(x)",
     "The mean over time, from the earliest event to the latest, when each value holds until the "
     "next. *",
     one, none, make<TimeWeightedAvg>},
    {"top_k", "top_k(x) or top_k(x, 5)",
     "The most frequent values, 10 or as many as the number says, up to 50: a list of {value, "
     "count, error}. A value came count to count + error times; error is 0 for up to 64 different "
     "values.",
     one, up_to_one, make_top_k},
    {"var", "var(x)", "The variance of a sample; null of fewer than two values.", one, none,
     make<Var>},
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

std::string render_aggregates() {
  std::string page =
      "\n## Aggregates\n\n"
      "What a field of `emit` may be. x is an expression; where it is absent or null the event is "
      "left out of\nthe aggregate and counted. Numbers must be finite. Of nothing the result is "
      "null, a count 0, a list empty.\n\n"
      "Behind an aggregate may stand which events it is of: "
      "`avg(data.temperature) where data.state == \"on\"`.\nThe condition is an expression that "
      "gives a bool; in other events x is not looked at.\n\n"
      "| aggregate | gives |\n|---|---|\n";
  for (const AggregateKind& kind : kinds) {
    page += "| `";
    page += kind.usage;
    page += "` | ";
    page += kind.meaning;
    page += " |\n";
  }
  page +=
      "\n\\* These take values in the order of event time. A value that is older than the newest "
      "eight of its window, and\nthan one before them, is left out and counted.\n";
  return page;
}

}  // namespace sluice
