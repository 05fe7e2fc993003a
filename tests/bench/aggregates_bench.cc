// Aggregates beside hand-written loops over the same numbers: what a sample costs, what a merge of
// two panes costs (a hopping window does about three of them), and what a key takes.
//
// Read the figures as a ratio of the two in one run; time is per sample, or per merge.
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "pipelines/aggregates/catalog.h"

namespace sluice {
namespace {

// Temperatures: most near each other, some far off.
std::vector<Sample> samples() {
  std::mt19937 random(1);
  std::vector<Sample> all(10'000);
  std::int64_t ms = 0;
  for (Sample& sample : all) {
    const double spread = random() % 20 == 0 ? 30.0 : 3.0;
    sample.value = Value::number(20.0 + spread * (static_cast<double>(random()) / 4294967296.0));
    sample.time = Timestamp(std::chrono::milliseconds(ms += 100));
  }
  return all;
}

// A state of the aggregate, as a pane holds it.
class State {
 public:
  State(std::string_view name, const std::vector<double>& parameters)
      : aggregate_(must(name, parameters)),
        bytes_(std::make_unique<std::byte[]>(aggregate_->state_bytes())) {
    aggregate_->make(bytes_.get());
  }
  ~State() { aggregate_->destroy(bytes_.get()); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  bool add(const Sample& sample) { return aggregate_->add(bytes_.get(), sample); }
  void become(const State& other) {
    aggregate_->destroy(bytes_.get());
    aggregate_->copy(bytes_.get(), other.bytes_.get());
  }
  void merge(const State& later) { aggregate_->merge(bytes_.get(), later.bytes_.get()); }
  std::size_t bytes() const {
    return aggregate_->state_bytes() + aggregate_->heap_bytes(bytes_.get());
  }

 private:
  static std::unique_ptr<Aggregate> must(std::string_view name,
                                         const std::vector<double>& parameters) {
    const AggregateKind* const kind = find_aggregate(name);
    if (kind == nullptr) std::abort();
    auto made = kind->make(parameters);
    if (!made) std::abort();
    return std::move(made).value();
  }

  std::unique_ptr<Aggregate> aggregate_;
  std::unique_ptr<std::byte[]> bytes_;
};

void count_samples(benchmark::State& state, std::size_t per_turn) {
  const auto count = static_cast<double>(state.iterations()) * static_cast<double>(per_turn);
  state.counters["each"] =
      benchmark::Counter(count, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void add(benchmark::State& state, const char* name, const std::vector<double>& parameters) {
  const auto all = samples();
  std::size_t bytes = 0;
  for ([[maybe_unused]] const auto turn : state) {
    State one(name, parameters);
    for (const Sample& sample : all) benchmark::DoNotOptimize(one.add(sample));
    bytes = one.bytes();
  }
  count_samples(state, all.size());
  state.counters["bytes"] = static_cast<double>(bytes);
}

// Two panes of 1,000 samples become one; the copy that this takes is counted in.
void merge(benchmark::State& state, const char* name, const std::vector<double>& parameters) {
  const auto all = samples();
  State earlier(name, parameters);
  State later(name, parameters);
  State both(name, parameters);
  for (std::size_t i = 0; i < 1000; ++i) earlier.add(all[i]);
  for (std::size_t i = 1000; i < 2000; ++i) later.add(all[i]);
  for ([[maybe_unused]] const auto turn : state) {
    both.become(earlier);
    both.merge(later);
    benchmark::ClobberMemory();
  }
  count_samples(state, 1);
}

const std::vector<double> none;
const std::vector<double> p99{99.0};

BENCHMARK_CAPTURE(add, count, "count", none);
BENCHMARK_CAPTURE(add, avg, "avg", none);
BENCHMARK_CAPTURE(add, stddev, "stddev", none);
BENCHMARK_CAPTURE(add, rate, "rate", none);
BENCHMARK_CAPTURE(add, percentile, "percentile", p99);
BENCHMARK_CAPTURE(add, distinct, "distinct", none);
BENCHMARK_CAPTURE(add, top_k, "top_k", none);
BENCHMARK_CAPTURE(merge, avg, "avg", none);
BENCHMARK_CAPTURE(merge, percentile, "percentile", p99);
BENCHMARK_CAPTURE(merge, distinct, "distinct", none);
BENCHMARK_CAPTURE(merge, top_k, "top_k", none);

void hand_written_avg(benchmark::State& state) {
  const auto all = samples();
  for ([[maybe_unused]] const auto turn : state) {
    double sum = 0;
    std::int64_t count = 0;
    for (const Sample& sample : all) {
      sum += sample.value.as_double();
      ++count;
    }
    benchmark::DoNotOptimize(sum / static_cast<double>(count));
  }
  count_samples(state, all.size());
}
BENCHMARK(hand_written_avg);

// What one would write for a range that is known: counts in buckets of one percent.
void hand_written_percentile(benchmark::State& state) {
  const auto all = samples();
  constexpr double lowest = 1.0;
  for ([[maybe_unused]] const auto turn : state) {
    std::array<std::uint32_t, 512> buckets{};
    for (const Sample& sample : all) {
      const double place = std::log(sample.value.as_double() / lowest) * 100.0;
      ++buckets[static_cast<std::size_t>(place) % buckets.size()];
    }
    std::size_t at = buckets.size();
    for (std::size_t above = 0; above <= all.size() / 100; above += buckets[--at]) {
    }
    benchmark::DoNotOptimize(at);
  }
  count_samples(state, all.size());
}
BENCHMARK(hand_written_percentile);

}  // namespace
}  // namespace sluice
