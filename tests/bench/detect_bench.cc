// The detect step by each method beside a hand-written loop over the same parsed values that does
// the least that finds anything: an exponentially weighted mean and variance per key. Every event
// is judged and dropped. The argument is the number of keys.
//
// Read the figures as a ratio of the two in one run; time is per event.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "pipelines/steps/detect.h"

namespace sluice {
namespace {

constexpr std::size_t block_events = 1000;

// Counts and forgets what a step gives.
class Sink final : public StepOutput {
 public:
  Arena& arena() override { return arena_; }
  void emit(Event*) override { ++alarms; }
  void emit_to(std::size_t, Event*) override { ++others; }
  void drop(const Event&, std::string_view) override {}
  void fail(Event*, std::string_view) override { ++others; }

  void end_beat() { arena_.reset(); }

  std::size_t alarms = 0;
  std::size_t others = 0;

 private:
  Arena arena_;
};

// `keys` devices that take turns, each with a reading every ten seconds that swings a little.
class Traffic {
 public:
  explicit Traffic(std::size_t keys) : events_(std::max(keys, block_events)) {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      MapEntry* fields = arena_.array<MapEntry>(2);
      fields[0] = {Value::string("state"), Value::string("ok")};
      fields[1] = {Value::string("temperature"),
                   Value::number(20.0 + static_cast<double>(i * 31 % 100) / 8)};
      events_[i].subject = arena_.copy("plant/hall/device-" + std::to_string(i * 7919 % keys));
      events_[i].data = Value::map({fields, 2});
    }
    for (Event& event : events_) pointers_.push_back(&event);
  }

  std::span<Event* const> next() {
    if (at_ + block_events > pointers_.size()) {
      at_ = 0;
      now_ += std::chrono::seconds(10);
    }
    const auto block = std::span<Event* const>(pointers_).subspan(at_, block_events);
    at_ += block_events;
    for (Event* event : block) event->time = now_;
    return block;
  }

 private:
  Arena arena_;
  std::vector<Event> events_;
  std::vector<Event*> pointers_;
  std::size_t at_ = 0;
  Timestamp now_{};
};

void per_event(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(block_events));
  state.counters["per_event"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * static_cast<double>(block_events),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void detect_step(benchmark::State& state, decltype(DetectConfig::method) method) {
  DetectConfig config;
  config.keyed.key = "subject";
  config.keyed.bounds.max_memory = std::size_t{1} << 30;
  config.value = "data.temperature";
  config.method = std::move(method);
  auto made = make_detect(config);
  if (std::holds_alternative<StepErrors>(made)) std::abort();
  const auto step = std::get<std::unique_ptr<Step>>(std::move(made));
  Traffic traffic(static_cast<std::size_t>(state.range(0)));
  Sink sink;
  for ([[maybe_unused]] const auto turn : state) {
    step->process(traffic.next(), sink);
    sink.end_beat();
  }
  if (sink.others != 0) state.SkipWithError("events went astray");
  per_event(state);
  state.counters["bytes_per_key"] =
      static_cast<double>(step->memory_bytes()) / static_cast<double>(state.range(0));
}

SeasonalConfig in_berlin() {
  SeasonalConfig config;
  config.time_zone = "Europe/Berlin";
  return config;
}

BENCHMARK_CAPTURE(detect_step, threshold, ThresholdConfig{90.0, 0.0, 1.0})->Arg(1000);
BENCHMARK_CAPTURE(detect_step, zscore, ZScoreConfig{})->Arg(1000);
BENCHMARK_CAPTURE(detect_step, ewma, EwmaConfig{})->Arg(1000);
BENCHMARK_CAPTURE(detect_step, cusum, CusumConfig{})->Arg(1000);
BENCHMARK_CAPTURE(detect_step, seasonal_utc, SeasonalConfig{})->Arg(1000);
BENCHMARK_CAPTURE(detect_step, seasonal_zone, in_berlin())->Arg(1000);
BENCHMARK_CAPTURE(detect_step, range, RangeConfig{})->Arg(1000);

void hand_written(benchmark::State& state) {
  struct Known {
    double mean = 20.0;
    double variance = 1.0;
  };
  Traffic traffic(static_cast<std::size_t>(state.range(0)));
  std::unordered_map<std::string, Known> keys;
  std::size_t alarms = 0;
  for ([[maybe_unused]] const auto turn : state) {
    for (const Event* event : traffic.next()) {
      const double value = event->data.find("temperature")->to_double();
      Known& known = keys[std::string(event->subject)];
      const double distance = value - known.mean;
      if (std::fabs(distance) > 4.0 * std::sqrt(known.variance)) ++alarms;
      known.mean += 0.05 * distance;
      known.variance = 0.95 * (known.variance + 0.05 * distance * distance);
    }
    benchmark::DoNotOptimize(alarms);
  }
  per_event(state);
}
BENCHMARK(hand_written)->Arg(1000);

}  // namespace
}  // namespace sluice
