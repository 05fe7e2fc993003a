// Steps beside hand-written loops that do the same over the same parsed values: a sequence of two
// events within ten seconds on so many keys, and the dropping of repeats among so many ids.
//
// Read the figures as a ratio of the two in one run; time is per event.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "pipelines/steps/dedupe.h"
#include "pipelines/steps/sequence.h"

namespace sluice {
namespace {

constexpr std::size_t block_events = 1000;
constexpr std::int64_t within_ms = 10'000;

// Counts and forgets what a step gives.
class Sink final : public StepOutput {
 public:
  Arena& arena() override { return arena_; }
  void emit(Event*) override { ++emitted; }
  void emit_to(std::size_t, Event*) override { ++named; }
  void drop(const Event&, std::string_view) override { ++dropped; }
  void fail(Event*, std::string_view) override { ++failed; }

  void end_beat() { arena_.reset(); }

  std::size_t emitted = 0;
  std::size_t named = 0;
  std::size_t dropped = 0;
  std::size_t failed = 0;

 private:
  Arena arena_;
};

std::unique_ptr<Step> must(StepOrErrors made) {
  if (std::holds_alternative<StepErrors>(made)) std::abort();
  return std::get<std::unique_ptr<Step>>(std::move(made));
}

void per_event(benchmark::State& state) {
  const double events = static_cast<double>(state.iterations()) * static_cast<double>(block_events);
  state.counters["per_event"] =
      benchmark::Counter(events, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// `keys` doors that take turns. Of a door's events every fourth opens it, and the next but one
// closes it: a quarter of all events ends a match. Turns are a second apart.
class Doors {
 public:
  explicit Doors(std::size_t keys) : keys_(keys) {
    for (std::size_t i = 0; i < keys * cycle; ++i) {
      const std::size_t turn = i / keys;
      MapEntry* const fields = arena_.array<MapEntry>(2);
      fields[0] = {Value::string("battery"), Value::number(3.1)};
      fields[1] = {Value::string("door"), Value::string(turn == 0   ? "open"
                                                        : turn == 2 ? "closed"
                                                                    : "moving")};
      Event event;
      event.subject = arena_.copy("plant/hall/door-" + std::to_string(i * 7919 % keys));
      event.data = Value::map({fields, 2});
      events_.push_back(event);
    }
    for (Event& event : events_) pointers_.push_back(&event);
  }

  // The next block; its events have the time now().
  std::span<Event* const> next() {
    const auto block = std::span<Event* const>(pointers_).subspan(at_, block_events);
    now_ms_ = static_cast<std::int64_t>(1000 * (round_ * cycle + at_ / keys_));
    for (Event* event : block) event->time = now();
    at_ += block_events;
    if (at_ == pointers_.size()) {
      at_ = 0;
      ++round_;
    }
    return block;
  }

  Timestamp now() const { return Timestamp(std::chrono::milliseconds(now_ms_)); }
  std::int64_t now_ms() const { return now_ms_; }

 private:
  static constexpr std::size_t cycle = 4;  // turns

  const std::size_t keys_;  // a multiple of block_events
  Arena arena_;
  std::vector<Event> events_;
  std::vector<Event*> pointers_;
  std::size_t at_ = 0;
  std::size_t round_ = 0;
  std::int64_t now_ms_ = 0;
};

void sequence(benchmark::State& state) {
  SequenceConfig config;
  config.keyed.key = "subject";
  config.keyed.bounds.max_memory = std::size_t{256} << 20;
  config.steps = {{"opened", "data.door == 'open'", ""}, {"closed", "data.door == 'closed'", ""}};
  config.within = std::chrono::milliseconds(within_ms);
  const auto step = must(make_sequence(config));
  Doors doors(static_cast<std::size_t>(state.range(0)));
  Sink sink;
  std::size_t most_bytes = 0;
  for ([[maybe_unused]] const auto turn : state) {
    step->process(doors.next(), sink);
    step->advance_watermark(doors.now(), sink);
    sink.end_beat();
    most_bytes = std::max(most_bytes, step->memory_bytes());
  }
  if (sink.failed != 0 || sink.named != 0) state.SkipWithError("events went astray");
  per_event(state);
  state.counters["matches"] = static_cast<double>(sink.emitted);
  state.counters["bytes_per_key"] =
      static_cast<double>(most_bytes) / static_cast<double>(state.range(0));
}
BENCHMARK(sequence)->Arg(10'000);

// The same by hand: when each door was opened, and with what.
void hand_written_sequence(benchmark::State& state) {
  struct Opened {
    std::int64_t ms = 0;
    Value data;
  };
  Doors doors(static_cast<std::size_t>(state.range(0)));
  std::unordered_map<std::string, Opened> opened;
  double total = 0;
  std::size_t matches = 0;
  for ([[maybe_unused]] const auto turn : state) {
    for (const Event* event : doors.next()) {
      const std::string_view door = event->data.find("door")->as_text();
      if (door == "open") {
        opened[std::string(event->subject)] = {doors.now_ms(), event->data};
      } else if (door == "closed") {
        const auto found = opened.find(std::string(event->subject));
        if (found == opened.end()) continue;
        if (doors.now_ms() - found->second.ms <= within_ms) {
          total += found->second.data.find("battery")->as_double();
          ++matches;
        }
        opened.erase(found);
      }
    }
  }
  benchmark::DoNotOptimize(total);
  per_event(state);
  state.counters["matches"] = static_cast<double>(matches);
}
BENCHMARK(hand_written_sequence)->Arg(10'000);

// Ids of 16 bytes, of which one in ten comes a second time soon after.
class Messages {
 public:
  std::span<Event* const> next() {
    arena_.reset();
    block_.clear();
    for (std::size_t i = 0; i < block_events; ++i) {
      const std::uint64_t number = i % 10 == 9 ? next_ - 5 : next_++;
      Event* const event = arena_.make<Event>();
      event->source = "//box/floor/device";
      event->id = id(number * 0x9E3779B97F4A7C15U);
      block_.push_back(event);
    }
    return block_;
  }

 private:
  std::string_view id(std::uint64_t number) {
    char* const digits = arena_.array<char>(16);
    for (std::size_t i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[number >> (4 * i) & 0xF];
    return {digits, 16};
  }

  Arena arena_;
  std::vector<Event*> block_;
  std::uint64_t next_ = 1000;
};

void dedupe(benchmark::State& state) {
  const auto remember = static_cast<std::uint32_t>(state.range(0));
  DedupeConfig config;
  config.by = "id";
  config.remember = remember;
  config.max_memory = std::size_t{1} << 30;
  const auto step = must(make_dedupe(config));
  Messages messages;
  Sink sink;
  while (sink.emitted < remember) {
    step->process(messages.next(), sink);
    sink.end_beat();
  }
  for ([[maybe_unused]] const auto turn : state) {
    state.PauseTiming();
    const auto block = messages.next();
    state.ResumeTiming();
    step->process(block, sink);
    sink.end_beat();
  }
  if (sink.failed != 0 || sink.dropped * 9 != sink.emitted) state.SkipWithError("ids went astray");
  per_event(state);
  state.counters["bytes_per_id"] =
      static_cast<double>(step->memory_bytes()) / static_cast<double>(remember);
}
BENCHMARK(dedupe)->Arg(1'000'000);

// The same by hand: a set, and the order in which ids leave it.
void hand_written_dedupe(benchmark::State& state) {
  const auto remember = static_cast<std::size_t>(state.range(0));
  Messages messages;
  std::unordered_set<std::string> known;
  std::deque<std::string> order;
  std::size_t repeats = 0;
  const auto take = [&](std::span<Event* const> block) {
    for (const Event* event : block) {
      const auto [id, is_new] = known.emplace(event->id);
      if (!is_new) {
        ++repeats;
        continue;
      }
      order.push_back(*id);
      if (order.size() > remember) {
        known.erase(order.front());
        order.pop_front();
      }
    }
  };
  while (order.size() < remember) take(messages.next());
  for ([[maybe_unused]] const auto turn : state) {
    state.PauseTiming();
    const auto block = messages.next();
    state.ResumeTiming();
    take(block);
  }
  benchmark::DoNotOptimize(repeats);
  per_event(state);
}
BENCHMARK(hand_written_dedupe)->Arg(1'000'000);

}  // namespace
}  // namespace sluice
