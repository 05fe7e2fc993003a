// SeededRun: a window step beside a slow, obvious oracle that recomputes each window from all its
// events, through random keys, times, disorder, missing and wrong values, blocks and crashes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "pipelines/windows/window.h"
#include "tests/unit/pipelines/recording.h"

namespace sluice::testing {

// What an oracle remembers of an event.
struct OracleEvent {
  std::int64_t ms = 0;
  std::optional<std::int64_t> value;
};

class WindowOracle {
 public:
  virtual ~WindowOracle() = default;

  virtual bool is_late(const std::string& key, std::int64_t ms) const = 0;
  // An event that is not late. Gives the results that come at once.
  virtual std::vector<std::string> take(const std::string& key, const OracleEvent& event) = 0;
  virtual std::vector<std::string> advance(std::int64_t watermark) = 0;
};

inline const std::vector<EmitField> oracle_fields = {{"n", "count()"},
                                                     {"sum", "sum(data.v)"},
                                                     {"low", "min(data.v)"},
                                                     {"high", "max(data.v)"},
                                                     {"all", "collect(data.v, 1000)"}};

// What a result of these events says; the list is sorted, since panes that merge change its order.
inline std::string result_text(const std::string& key, std::int64_t start, std::int64_t end,
                               int revision, const std::vector<OracleEvent>& events) {
  std::vector<std::int64_t> numbers;
  std::int64_t sum = 0;
  for (const OracleEvent& event : events) {
    if (!event.value) continue;
    numbers.push_back(*event.value);
    sum += *event.value;
  }
  std::ranges::sort(numbers);
  const auto maybe = [&](std::int64_t number) {
    return numbers.empty() ? std::string("null") : std::to_string(number);
  };
  std::string all;
  for (const std::int64_t number : numbers)
    all += (all.empty() ? "" : ",") + std::to_string(number);
  return key + " [" + std::to_string(start) + "," + std::to_string(end) + ") #" +
         std::to_string(revision) + R"( {"n":)" + std::to_string(events.size()) + R"(,"sum":)" +
         maybe(sum) + R"(,"low":)" + maybe(numbers.empty() ? 0 : numbers.front()) + R"(,"high":)" +
         maybe(numbers.empty() ? 0 : numbers.back()) + R"(,"all":[)" + all + "]}";
}

inline std::string result_text(const Event& result) {
  const auto ms = [&](std::string_view name) {
    return std::to_string(to_timestamp(*find_extension(result, name)).time_since_epoch() /
                          std::chrono::milliseconds(1));
  };
  std::vector<std::int64_t> numbers;
  for (const Value& value : result.data.find("all")->as_list()) numbers.push_back(value.as_int());
  std::ranges::sort(numbers);
  std::string all;
  for (const std::int64_t number : numbers)
    all += (all.empty() ? "" : ",") + std::to_string(number);
  std::string data = to_json(result.data);
  data = data.substr(0, data.find("[")) + "[" + all + "]}";
  return std::string(result.subject) + " [" + ms("windowstart") + "," + ms("windowend") + ") #" +
         std::to_string(find_extension(result, "revision")->as_int()) + " " + data;
}

// What a crash brings back: the snapshot, and the blocks after it, replayed.
struct OracleBlock {
  std::vector<Event*> events;
  std::int64_t watermark;
};

class SeededRun {
 public:
  using Random = std::mt19937;

  SeededRun(const WindowConfig& config, std::unique_ptr<WindowOracle> oracle, Random random)
      : random_(random),
        config_(config),
        oracle_(std::move(oracle)),
        step_(must(make_window(config))) {}

  static std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  }

  void play() {
    for (int block = 0; block < 120; ++block) {
      if (pick(0, 9) == 0) crash();
      OracleBlock next;
      const std::int64_t now = block * 5;
      wanted_.clear();
      for (std::int64_t i = pick(0, 6); i > 0; --i) {
        const std::string key(1, static_cast<char>('a' + pick(0, 4)));
        next.events.push_back(one(key, now - pick(0, pick(0, 9) == 0 ? 100 : 15)));
        ++in_;
      }
      next.watermark = now - pick(0, 20);
      run(next);
      want(oracle_->advance(next.watermark));
      ASSERT_EQ(texts(), wanted_) << "block " << block;
      blocks_.push_back(std::move(next));
      save_some();
    }
    wanted_.clear();
    step_->advance_watermark(at_ms(100'000), out_);
    want(oracle_->advance(100'000));
    ASSERT_EQ(texts(), wanted_);
    ASSERT_EQ(out_.named[0].size(), late_);
    ASSERT_EQ(out_.failed.size(), failing_);
    ASSERT_EQ(in_, kept_ + late_ + failing_);
    ASSERT_TRUE(out_.dropped.empty());
  }

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) { return pick(random_, low, high); }

  void want(const std::vector<std::string>& results) {
    wanted_.insert(wanted_.end(), results.begin(), results.end());
  }

  std::vector<std::string> texts() {
    std::vector<std::string> found;
    for (const Event* result : out_.take()) found.push_back(result_text(*result));
    return found;
  }

  Event* one(const std::string& key, std::int64_t ms) {
    const std::int64_t kind = pick(0, 19);
    const std::int64_t number = pick(-1000, 1000);
    Event* event = make_event(out_.arena(), key, ms, Value::integer(number));
    if (kind == 0) event->data = make_event(out_.arena(), {{"w", Value::integer(number)}})->data;
    if (kind == 1) event->data = make_event(out_.arena(), {{"v", Value::string("?")}})->data;
    if (oracle_->is_late(key, ms)) {
      ++late_;  // looked at before its value
    } else if (kind == 1) {
      ++failing_;
    } else {
      ++kept_;
      want(oracle_->take(key, {ms, kind == 0 ? std::nullopt : std::optional(number)}));
    }
    return event;
  }

  void run(const OracleBlock& block) {
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
    step_ = must(make_window(config_));
    is_saving_ = false;
    for (const std::string& slice : snapshot_) ASSERT_TRUE(step_->load_slice(slice).is_ok());
    Recording thrown_away;
    for (const OracleBlock& block : blocks_) {
      step_->process(block.events, thrown_away);
      step_->advance_watermark(at_ms(block.watermark), thrown_away);
    }
  }

  Random random_;
  const WindowConfig config_;
  const std::unique_ptr<WindowOracle> oracle_;
  std::unique_ptr<Step> step_;
  Recording out_;
  std::vector<std::string> wanted_;
  std::vector<OracleBlock> blocks_;  // since the snapshot
  std::vector<std::string> snapshot_;
  std::vector<std::string> slices_;  // of the snapshot that is being written
  std::size_t covered_ = 0;          // blocks that it covers
  bool is_saving_ = false;
  std::size_t in_ = 0;
  std::size_t kept_ = 0;
  std::size_t late_ = 0;
  std::size_t failing_ = 0;
};

}  // namespace sluice::testing
