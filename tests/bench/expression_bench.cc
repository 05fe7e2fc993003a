// Predicates over an event, beside the same predicate written by hand in C++ on the same values.
#include <benchmark/benchmark.h>
#include <re2/re2.h>

#include <array>
#include <string>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "pipelines/expression/expression.h"

namespace sluice {
namespace {

Expression compile(std::string_view text) {
  auto compiled = Expression::compile(text);
  CHECK(std::holds_alternative<Expression>(compiled));
  return std::get<Expression>(std::move(compiled));
}

// What a sensor sends: eight fields, a list of ten.
class SensorEvent {
 public:
  SensorEvent() {
    for (int i = 0; i < 10; ++i) readings_[static_cast<std::size_t>(i)] = Value::number(20.0 + i);
    entries_ = {{{Value::string("ts"), Value::integer(1'700'000'000)},
                 {Value::string("seq"), Value::integer(17)},
                 {Value::string("temperature"), Value::number(22.5)},
                 {Value::string("humidity"), Value::integer(40)},
                 {Value::string("battery"), Value::number(3.1)},
                 {Value::string("state"), Value::string("running")},
                 {Value::string("alarm"), Value::boolean(false)},
                 {Value::string("readings"), Value::list(readings_)}}};
    event_.data = Value::map(entries_);
    event_.subject = "dev-0017";
  }
  const Event& event() const { return event_; }

 private:
  std::array<Value, 10> readings_;
  std::array<MapEntry, 8> entries_;
  Event event_;
};

void run(benchmark::State& state, std::string_view text) {
  const SensorEvent sensor;
  const Expression expression = compile(text);
  Arena arena;
  for (auto turn : state) {
    benchmark::DoNotOptimize(turn);
    const Value value = expression.evaluate(sensor.event(), arena);
    benchmark::DoNotOptimize(value);
    arena.reset();
  }
}

double number(const Event& event, std::string_view field) {
  const Value* value = event.data.find(field);
  return value == nullptr ? 0.0 : value->to_double();
}

template <typename Predicate>
void run_by_hand(benchmark::State& state, Predicate predicate) {
  const SensorEvent sensor;
  const Event* event = &sensor.event();
  for (auto turn : state) {
    benchmark::DoNotOptimize(turn);
    benchmark::DoNotOptimize(event);
    const auto value = predicate(*event);
    benchmark::DoNotOptimize(value);
  }
}

void threshold(benchmark::State& state) { run(state, "data.temperature > 22.0"); }
void threshold_by_hand(benchmark::State& state) {
  run_by_hand(state, [](const Event& event) { return number(event, "temperature") > 22.0; });
}

void five_terms(benchmark::State& state) {
  run(state,
      "data.temperature > 22.0 && data.humidity < 60 && data.battery > 2.9 && "
      "data.state == 'running' && !data.alarm");
}
void five_terms_by_hand(benchmark::State& state) {
  run_by_hand(state, [](const Event& event) {
    const Value* text = event.data.find("state");
    const Value* alarm = event.data.find("alarm");
    return number(event, "temperature") > 22.0 && number(event, "humidity") < 60 &&
           number(event, "battery") > 2.9 && text != nullptr && text->as_text() == "running" &&
           alarm != nullptr && !alarm->as_bool();
  });
}

void prefix(benchmark::State& state) {
  run(state, "subject.startsWith('dev-') && data.battery < 3.3");
}
void prefix_by_hand(benchmark::State& state) {
  run_by_hand(state, [](const Event& event) {
    return event.subject.starts_with("dev-") && number(event, "battery") < 3.3;
  });
}

void arithmetic(benchmark::State& state) { run(state, "data.temperature * 1.8 + 32.0"); }
void arithmetic_by_hand(benchmark::State& state) {
  run_by_hand(state, [](const Event& event) { return number(event, "temperature") * 1.8 + 32.0; });
}

void pattern(benchmark::State& state) { run(state, "subject.matches('^dev-[0-9]+$')"); }
void pattern_by_hand(benchmark::State& state) {
  const RE2 regex("^dev-[0-9]+$");
  run_by_hand(state, [&](const Event& event) {
    return RE2::PartialMatch(re2::StringPiece(event.subject.data(), event.subject.size()), regex);
  });
}

void exists_in_ten(benchmark::State& state) { run(state, "data.readings.exists(r, r > 28.5)"); }
void exists_in_ten_by_hand(benchmark::State& state) {
  run_by_hand(state, [](const Event& event) {
    for (const Value& reading : event.data.find("readings")->as_list()) {
      if (reading.to_double() > 28.5) return true;
    }
    return false;
  });
}

BENCHMARK(threshold);
BENCHMARK(threshold_by_hand);
BENCHMARK(five_terms);
BENCHMARK(five_terms_by_hand);
BENCHMARK(prefix);
BENCHMARK(prefix_by_hand);
BENCHMARK(arithmetic);
BENCHMARK(arithmetic_by_hand);
BENCHMARK(pattern);
BENCHMARK(pattern_by_hand);
BENCHMARK(exists_in_ten);
BENCHMARK(exists_in_ten_by_hand);

}  // namespace
}  // namespace sluice
