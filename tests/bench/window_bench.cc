// Window steps beside hand-written loops that do the same over the same parsed values: an average
// and a count per key, in tumbling windows of 10 s, in windows of 60 s each second, and in
// sessions. The argument is the number of keys.
//
// Read the figures as a ratio of the two in one run; time is per event.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "pipelines/windows/window.h"

namespace sluice {
namespace {

constexpr std::size_t block_events = 1000;
constexpr std::int64_t window_ms = 10'000;

// Counts and forgets what a step gives.
class Sink final : public StepOutput {
 public:
  Arena& arena() override { return arena_; }
  void emit(Event*) override { ++results; }
  void emit_to(std::size_t, Event*) override { ++others; }
  void drop(const Event&, std::string_view) override { ++others; }
  void fail(Event*, std::string_view) override { ++others; }

  void end_beat() { arena_.reset(); }

  std::size_t results = 0;
  std::size_t others = 0;

 private:
  Arena arena_;
};

// `keys` devices that take turns; the events of one turn are a second apart from the next.
class Traffic {
 public:
  explicit Traffic(std::size_t keys) : events_(std::max(keys, block_events)) {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      MapEntry* fields = arena_.array<MapEntry>(3);
      fields[0] = {Value::string("humidity"), Value::number(40.0)};
      fields[1] = {Value::string("temperature"),
                   Value::number(20.0 + static_cast<double>(i % 100) / 8)};
      fields[2] = {Value::string("state"), Value::string("ok")};
      events_[i].subject = arena_.copy("plant/hall/device-" + std::to_string(i * 7919 % keys));
      events_[i].data = Value::map({fields, 3});
    }
    for (Event& event : events_) pointers_.push_back(&event);
  }

  // The next block; its events have the time now().
  std::span<Event* const> next() {
    if (at_ + block_events > pointers_.size()) {
      at_ = 0;
      now_ms_ += 1000;
    }
    const auto block = std::span<Event* const>(pointers_).subspan(at_, block_events);
    at_ += block_events;
    for (Event* event : block) event->time = now();
    return block;
  }

  Timestamp now() const { return Timestamp(std::chrono::milliseconds(now_ms_)); }
  std::int64_t now_ms() const { return now_ms_; }

 private:
  Arena arena_;
  std::vector<Event> events_;
  std::vector<Event*> pointers_;
  std::size_t at_ = 0;
  std::int64_t now_ms_ = 0;
};

WindowConfig tumbling() {
  WindowConfig config;
  config.size = std::chrono::milliseconds(window_ms);
  return config;
}

WindowConfig hopping() {
  WindowConfig config;
  config.shape = WindowShape::hopping;
  config.size = std::chrono::seconds(60);
  config.every = std::chrono::seconds(1);
  return config;
}

WindowConfig hopping_p99() {
  WindowConfig config = hopping();
  config.emit = {{"p99", "percentile(data.temperature, 99)"}};
  return config;
}

// The last 100 events of a key, at each event.
WindowConfig counting() {
  WindowConfig config;
  config.shape = WindowShape::count;
  config.count = 100;
  config.count_every = 1;
  return config;
}

// Of which each key has one that goes on and on.
WindowConfig session() {
  WindowConfig config;
  config.shape = WindowShape::session;
  config.size = std::chrono::seconds(30);
  return config;
}

std::unique_ptr<Step> make_step(WindowConfig config = tumbling()) {
  config.key = "subject";
  config.max_keys = 1'000'000;
  config.max_windows = 100'000'000;
  config.max_memory = std::size_t{1} << 30;
  if (config.emit.empty()) {
    config.emit = {{"mean", "avg(data.temperature)"}, {"n", "count()"}};
  }
  auto made = make_window(config);
  if (std::holds_alternative<StepErrors>(made)) std::abort();
  return std::get<std::unique_ptr<Step>>(std::move(made));
}

void per_event(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(block_events));
  state.counters["per_event"] = benchmark::Counter(
      static_cast<double>(state.iterations()) * static_cast<double>(block_events),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void window_step(benchmark::State& state, const WindowConfig& config) {
  Traffic traffic(static_cast<std::size_t>(state.range(0)));
  const auto step = make_step(config);
  Sink sink;
  for ([[maybe_unused]] const auto turn : state) {
    step->process(traffic.next(), sink);
    step->advance_watermark(traffic.now(), sink);
    sink.end_beat();
  }
  if (sink.others != 0) state.SkipWithError("events went astray");
  per_event(state);
  state.counters["bytes_per_key"] =
      static_cast<double>(step->memory_bytes()) / static_cast<double>(state.range(0));
}
BENCHMARK_CAPTURE(window_step, tumbling, tumbling())->Arg(1000)->Arg(100'000);
BENCHMARK_CAPTURE(window_step, hopping, hopping())->Arg(100)->Arg(1000);
BENCHMARK_CAPTURE(window_step, hopping_p99, hopping_p99())->Arg(100);
BENCHMARK_CAPTURE(window_step, counting, counting())->Arg(1000);
BENCHMARK_CAPTURE(window_step, session, session())->Arg(1000)->Arg(100'000);

void hand_written(benchmark::State& state) {
  struct Sums {
    double sum = 0;
    std::int64_t count = 0;
  };
  Traffic traffic(static_cast<std::size_t>(state.range(0)));
  std::unordered_map<std::string, Sums> windows;
  std::int64_t window = 0;
  double total = 0;
  for ([[maybe_unused]] const auto turn : state) {
    for (const Event* event : traffic.next()) {
      Sums& sums = windows[std::string(event->subject)];
      sums.sum += event->data.find("temperature")->as_double();
      ++sums.count;
    }
    if (traffic.now_ms() / window_ms != window) {
      window = traffic.now_ms() / window_ms;
      for (const auto& [key, sums] : windows) total += sums.sum / static_cast<double>(sums.count);
      windows.clear();
    }
  }
  benchmark::DoNotOptimize(total);
  per_event(state);
}
BENCHMARK(hand_written)->Arg(1000)->Arg(100'000);

// 60 s each second: sums of each second in a ring, added up when a window ends.
void hand_written_hopping(benchmark::State& state) {
  constexpr std::size_t seconds = 60;
  struct Ring {
    std::array<double, seconds> sums{};
    std::array<std::int64_t, seconds> counts{};
  };
  Traffic traffic(static_cast<std::size_t>(state.range(0)));
  std::unordered_map<std::string, Ring> rings;
  std::size_t second = 0;
  double total = 0;
  for ([[maybe_unused]] const auto turn : state) {
    const auto events = traffic.next();
    const auto now = static_cast<std::size_t>(traffic.now_ms() / 1000);
    if (now != second) {
      for (auto& [key, ring] : rings) {
        double sum = 0;
        std::int64_t count = 0;
        for (std::size_t i = 0; i < seconds; ++i) {
          sum += ring.sums[i];
          count += ring.counts[i];
        }
        total += sum / static_cast<double>(count);
        ring.sums[now % seconds] = 0;
        ring.counts[now % seconds] = 0;
      }
      second = now;
    }
    for (const Event* event : events) {
      Ring& ring = rings[std::string(event->subject)];
      ring.sums[now % seconds] += event->data.find("temperature")->as_double();
      ++ring.counts[now % seconds];
    }
  }
  benchmark::DoNotOptimize(total);
  per_event(state);
}
BENCHMARK(hand_written_hopping)->Arg(1000);

// Sessions with a gap of 30 s: looked at when the next event of the key comes.
void hand_written_session(benchmark::State& state) {
  struct Session {
    double sum = 0;
    std::int64_t count = 0;
    std::int64_t last_ms = 0;
  };
  Traffic traffic(static_cast<std::size_t>(state.range(0)));
  std::unordered_map<std::string, Session> sessions;
  double total = 0;
  for ([[maybe_unused]] const auto turn : state) {
    for (const Event* event : traffic.next()) {
      Session& session = sessions[std::string(event->subject)];
      if (session.last_ms + 30'000 < traffic.now_ms()) {
        total += session.sum;
        session = {};
      }
      session.sum += event->data.find("temperature")->as_double();
      ++session.count;
      session.last_ms = traffic.now_ms();
    }
  }
  benchmark::DoNotOptimize(total);
  per_event(state);
}
BENCHMARK(hand_written_session)->Arg(1000)->Arg(100'000);

// What this thread has worked: on a busy machine, not what it has waited.
double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// A snapshot in slices of 64 KiB, one in each beat, while all keys go on to have events; what
// changes before its slice is set aside. `longest_beat` is the work of the longest beat,
// `usual_beat` the mean of beats without a snapshot.
void snapshot(benchmark::State& state) {
  constexpr std::size_t slice_bytes = 64 * 1024;
  Traffic traffic(static_cast<std::size_t>(state.range(0)));
  const auto step = make_step();
  Sink sink;
  const auto beat = [&](std::string* slice) {
    const double start = thread_seconds();
    step->process(traffic.next(), sink);
    sink.end_beat();
    const bool is_last = slice == nullptr || step->save_slice(slice_bytes, *slice);
    return std::pair(is_last, thread_seconds() - start);
  };
  const std::int64_t turn_beats = state.range(0) / static_cast<std::int64_t>(block_events);
  for (std::int64_t i = 0; i < turn_beats; ++i) beat(nullptr);
  double usual = 0;
  for (std::int64_t i = 0; i < turn_beats; ++i) usual += beat(nullptr).second;
  double longest = 0;
  std::size_t bytes = 0;
  for ([[maybe_unused]] const auto turn : state) {
    step->begin_snapshot();
    bytes = 0;
    for (bool is_last = false; !is_last;) {
      std::string slice;
      double took = 0;
      std::tie(is_last, took) = beat(&slice);
      longest = std::max(longest, took);
      bytes += slice.size();
    }
  }
  state.counters["usual_beat"] = usual / static_cast<double>(turn_beats);
  state.counters["longest_beat"] = longest;
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["memory"] = static_cast<double>(step->memory_bytes());
}
BENCHMARK(snapshot)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice
