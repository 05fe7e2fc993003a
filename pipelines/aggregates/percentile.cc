#include "pipelines/aggregates/percentile.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "pipelines/aggregates/bucket_counts.h"

namespace sluice {
namespace {

using Made = Result<std::unique_ptr<Aggregate>>;

class Percentile final : public AggregateOf<QuantileSketch> {
 public:
  explicit Percentile(double percent) : percent_(percent) {}
  Value result(const void* state, Arena&) const override { return of(state).percentile(percent_); }

 private:
  const double percent_;
};

// "p99_9" for 99.9: a name that a path can hold.
std::string field_name(double percent) {
  std::string name = "p";
  append_number(name, percent);
  std::ranges::replace(name, '.', '_');
  return name;
}

class Percentiles final : public AggregateOf<QuantileSketch> {
 public:
  explicit Percentiles(std::span<const double> percents) {
    for (const double percent : percents) fields_.push_back({field_name(percent), percent});
  }

  Value result(const void* state, Arena& arena) const override {
    MapEntry* const entries = arena.array<MapEntry>(fields_.size());
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      entries[i] = {Value::string(fields_[i].name), of(state).percentile(fields_[i].percent)};
    }
    return Value::map({entries, fields_.size()});
  }

 private:
  struct Field {
    std::string name;
    double percent;
  };
  std::vector<Field> fields_;
};

class Histogram final : public AggregateOf<BucketCounts> {
 public:
  explicit Histogram(std::span<const double> bounds)
      : AggregateOf(BucketCounts(bounds.size() + 1)), bounds_(bounds.begin(), bounds.end()) {}

  bool add(void* state, const Sample& sample) const override {
    const auto above = std::ranges::upper_bound(bounds_, sample.value.to_double());
    of(state).count_in(static_cast<std::size_t>(above - bounds_.begin()));
    return true;
  }

 private:
  const std::vector<double> bounds_;
};

bool is_percent(double number) { return number >= 0.0 && number <= 100.0; }

Made refuse(std::string_view what) { return Error{ErrorKind::bad_config, std::string(what)}; }

}  // namespace

Made make_percentile(std::span<const double> parameters) {
  if (!is_percent(parameters.front())) {
    return refuse("a percentile is a number from 0 to 100, as in percentile(x, 99)");
  }
  return Made(std::make_unique<Percentile>(parameters.front()));
}

Made make_median(std::span<const double>) { return Made(std::make_unique<Percentile>(50.0)); }

Made make_percentiles(std::span<const double> parameters) {
  const bool is_rising =
      std::ranges::adjacent_find(parameters, std::not_fn(std::less<>())) == parameters.end();
  if (!std::ranges::all_of(parameters, is_percent) || !is_rising) {
    return refuse("percentiles are rising numbers from 0 to 100, as in percentiles(x, 50, 90, 99)");
  }
  return Made(std::make_unique<Percentiles>(parameters));
}

Made make_histogram(std::span<const double> parameters) {
  if (parameters.empty()) return Made(std::make_unique<AggregateOf<QuantileSketch>>());
  const bool is_rising =
      std::ranges::adjacent_find(parameters, std::not_fn(std::less<>())) == parameters.end();
  if (!is_rising || !std::isfinite(parameters.front()) || !std::isfinite(parameters.back())) {
    return refuse("the bounds of a histogram rise, as in histogram(x, 10, 20, 50)");
  }
  return Made(std::make_unique<Histogram>(parameters));
}

}  // namespace sluice
