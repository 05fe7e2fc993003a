// The window step against a slow, obvious oracle that recomputes each window from all its events:
// random keys, times, disorder, lateness, missing and wrong values, blocks and crashes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "pipelines/windows/window.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice {
namespace {

using sluice::testing::at_ms;
using sluice::testing::make_event;
using sluice::testing::must;
using sluice::testing::Recording;
using std::chrono::milliseconds;

struct Scenario {
  std::int64_t size;
  std::int64_t offset;
  std::int64_t lateness;
  bool accumulating;

  WindowConfig config() const {
    WindowConfig config;
    config.size = milliseconds(size);
    config.offset = milliseconds(offset);
    config.lateness = milliseconds(lateness);
    config.accumulating = accumulating;
    config.key = "subject";
    config.emit = {{"n", "count()"},
                   {"sum", "sum(data.v)"},
                   {"low", "min(data.v)"},
                   {"high", "max(data.v)"},
                   {"all", "collect(data.v, 1000)"}};
    return config;
  }
};

// Keeps all events of every window for ever.
class Oracle {
 public:
  explicit Oracle(const Scenario& scenario) : scenario_(scenario) {}

  enum class Fate { kept, late };

  Fate take(const std::string& key, std::int64_t ms, const Value* value) {
    std::int64_t start = scenario_.offset;
    while (start > ms) start -= scenario_.size;
    while (start + scenario_.size <= ms) start += scenario_.size;
    const std::int64_t end = start + scenario_.size;
    if (has_watermark_ && end + scenario_.lateness <= watermark_) return Fate::late;
    Window& window = windows_[{end, key}];
    window.events.push_back(value == nullptr ? Value::null() : *value);
    window.has_news = true;
    return Fate::kept;
  }

  std::vector<std::string> advance(std::int64_t watermark) {
    if (!has_watermark_ || watermark > watermark_) watermark_ = watermark;
    has_watermark_ = true;
    std::vector<std::string> results;
    for (auto& [place, window] : windows_) {
      if (!window.has_news || place.first > watermark_) continue;
      results.push_back(place.second + " " + std::to_string(place.first) + " #" +
                        std::to_string(window.revision++) + " " + summary(window));
      window.has_news = false;
      if (!scenario_.accumulating) window.events.clear();
    }
    return results;
  }

 private:
  struct Window {
    std::vector<Value> events;
    int revision = 0;
    bool has_news = false;
  };

  static std::string summary(const Window& window) {
    std::int64_t sum = 0;
    std::vector<std::int64_t> numbers;
    for (const Value& value : window.events) {
      if (value.is_null()) continue;
      numbers.push_back(value.as_int());
      sum += value.as_int();
    }
    const auto maybe = [&](std::int64_t number) {
      return numbers.empty() ? std::string("null") : std::to_string(number);
    };
    std::string all;
    for (const std::int64_t number : numbers) {
      if (!all.empty()) all += ",";
      all += std::to_string(number);
    }
    const auto low = numbers.empty() ? 0 : *std::ranges::min_element(numbers);
    const auto high = numbers.empty() ? 0 : *std::ranges::max_element(numbers);
    return R"({"n":)" + std::to_string(window.events.size()) + R"(,"sum":)" + maybe(sum) +
           R"(,"low":)" + maybe(low) + R"(,"high":)" + maybe(high) + R"(,"all":[)" + all + "]}";
  }

  const Scenario scenario_;
  std::map<std::pair<std::int64_t, std::string>, Window> windows_;
  std::int64_t watermark_ = 0;
  bool has_watermark_ = false;
};

std::vector<std::string> texts(const std::vector<Event*>& results) {
  std::vector<std::string> found;
  for (const Event* result : results) {
    found.push_back(std::string(result->subject) + " " +
                    std::to_string(result->time.time_since_epoch() / milliseconds(1)) + " #" +
                    std::to_string(find_extension(*result, "revision")->as_int()) + " " +
                    to_json(result->data));
  }
  return found;
}

// What a crash brings back: the snapshot, and the blocks after it, replayed.
struct Block {
  std::vector<Event*> events;
  std::int64_t watermark;
};

class SeededRun {
 public:
  explicit SeededRun(unsigned seed) : random_(seed) {
    scenario_ = {pick(1, 40), pick(0, 0), pick(0, 3) == 0 ? 0 : pick(0, 60), pick(0, 1) == 0};
    scenario_.offset = pick(-scenario_.size + 1, scenario_.size - 1);
    step_ = must(make_window(scenario_.config()));
  }

  void play() {
    Oracle oracle(scenario_);
    std::size_t in = 0;
    std::size_t kept = 0;
    for (int block = 0; block < 120; ++block) {
      if (pick(0, 9) == 0) crash();
      Block next;
      const std::int64_t now = block * 5;
      for (std::int64_t i = pick(0, 6); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + pick(0, 4)));
        const std::int64_t ms = now - pick(0, pick(0, 9) == 0 ? 100 : 15);
        next.events.push_back(one(oracle, key, ms, kept));
        ++in;
      }
      next.watermark = now - pick(0, 20);
      run(next);
      ASSERT_EQ(texts(out_.take()), oracle.advance(next.watermark)) << "block " << block;
      blocks_.push_back(std::move(next));
      save_some();
    }
    step_->advance_watermark(at_ms(100'000), out_);
    ASSERT_EQ(texts(out_.take()), oracle.advance(100'000));
    ASSERT_EQ(out_.named[0].size(), late_);
    ASSERT_EQ(out_.failed.size(), failing_);
    ASSERT_EQ(in, kept + late_ + failing_);
  }

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }

  Event* one(Oracle& oracle, const std::string& key, std::int64_t ms, std::size_t& kept) {
    const std::int64_t kind = pick(0, 19);
    const Value number = Value::integer(pick(-1000, 1000));
    Event* event = make_event(out_.arena(), key, ms, number);
    if (kind == 0) event->data = make_event(out_.arena(), {{"w", number}})->data;
    if (kind == 1) event->data = make_event(out_.arena(), {{"v", Value::string("?")}})->data;
    if (kind == 1) {
      // Of a wrong type: it fails, unless it is late, which is looked at first.
      Oracle copy = oracle;
      (copy.take(key, ms, nullptr) == Oracle::Fate::late ? late_ : failing_) += 1;
    } else if (oracle.take(key, ms, kind == 0 ? nullptr : &number) == Oracle::Fate::late) {
      ++late_;
    } else {
      ++kept;
    }
    return event;
  }

  void run(const Block& block) {
    step_->process(block.events, out_);
    step_->advance_watermark(at_ms(block.watermark), out_);
  }

  // Begins a snapshot now and then, and writes some of it each block.
  void save_some() {
    if (!is_saving_) {
      if (pick(0, 7) != 0) return;
      step_->begin_snapshot();
      slices_.clear();
      covered_ = blocks_.size();
      is_saving_ = true;
    }
    slices_.emplace_back();
    if (!step_->save_slice(static_cast<std::size_t>(pick(1, 200)), slices_.back())) return;
    is_saving_ = false;
    snapshot_ = slices_;
    blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(covered_));
    covered_ = 0;
  }

  void crash() {
    step_ = must(make_window(scenario_.config()));
    is_saving_ = false;
    for (const std::string& slice : snapshot_) ASSERT_TRUE(step_->load_slice(slice).is_ok());
    Recording thrown_away;
    for (const Block& block : blocks_) {
      step_->process(block.events, thrown_away);
      step_->advance_watermark(at_ms(block.watermark), thrown_away);
    }
  }

  std::mt19937 random_;
  Scenario scenario_{};
  std::unique_ptr<Step> step_;
  Recording out_;
  std::vector<Block> blocks_;  // since the snapshot
  std::vector<std::string> snapshot_;
  std::vector<std::string> slices_;  // of the snapshot that is being written
  std::size_t covered_ = 0;          // blocks that it covers
  bool is_saving_ = false;
  std::size_t late_ = 0;
  std::size_t failing_ = 0;
};

TEST(TumblingWindowOracle, Agrees_with_recomputing_from_all_events_through_disorder_and_crashes) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRun(seed).play();
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace sluice
