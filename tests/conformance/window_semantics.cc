// window-semantics: scenarios that other engines' tests describe, one a line. Each goes through the
// window step (or the source watermark) that production runs; one unit of a row's time is 1 ms
// here.
//
// An event, or a batch, is one block: the step sees it and then the watermark. The end of a stream
// is the watermark at the end of time.
#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/value.h"
#include "pipelines/watermark.h"
#include "pipelines/windows/window.h"
#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

Timestamp at(std::int64_t unit) { return Timestamp(milliseconds(unit)); }
std::int64_t unit_of(Timestamp time) { return time.time_since_epoch() / milliseconds(1); }

WindowConfig window_config(std::int64_t size, std::int64_t offset) {
  WindowConfig config;
  config.size = milliseconds(size);
  config.offset = milliseconds(offset);
  config.emit = {{"value", "count()"}};
  return config;
}

// Takes what the step gives, in the terms of the rows.
class Panes final : public StepOutput {
 public:
  Arena& arena() override { return arena_; }
  void emit(Event* event) override {
    const Value* value = event->data.find("value");
    const std::int64_t end = unit_of(to_timestamp(*find_extension(*event, "windowend")));
    fired.push_back({{"key", std::string(event->subject)},
                     {"start", unit_of(to_timestamp(*find_extension(*event, "windowstart")))},
                     {"end", end},
                     {"end_inclusive", end - 1},
                     {"value", json::parse(to_json(*value))}});
  }
  void emit_to(std::size_t, Event* event) override {
    late.push_back({{"key", std::string(event->subject)},
                    {"value", json::parse(to_json(*event->data.find("value")))},
                    {"ts", unit_of(event->time)}});
  }
  void drop(const Event&, std::string_view reason) override { refused = reason; }
  void fail(Event*, std::string_view reason) override { refused = reason; }

  json fired = json::array();  // panes since the last check
  json late = json::array();   // events since the last check
  std::string refused;         // why an event was, when one was

 private:
  Arena arena_;
};

// Whether each wanted object agrees with another of `got` in all of its fields that `got` has.
bool agree(const json& wanted, json got) {
  if (wanted.size() != got.size()) return false;
  for (const json& want : wanted) {
    const auto found = std::ranges::find_if(got, [&](const json& candidate) {
      return std::ranges::all_of(candidate.items(), [&](const auto& field) {
        return !want.contains(field.key()) || want.at(field.key()) == field.value();
      });
    });
    if (found == got.end()) return false;
    got.erase(found);
  }
  return true;
}

// One stream scenario, step by step.
class Scenario {
 public:
  explicit Scenario(const json& row) : row_(row) {
    const json& strategy = row.at("watermark_strategy");
    if (strategy.is_object()) {
      // The rows have no receive times, so there is no future to guard against.
      implicit_.emplace(
          WatermarkConfig{milliseconds(strategy.at("delay")), Duration{0}, Duration{0}});
    }
  }

  // Empty: as the row wants it.
  std::string play() {
    auto made = make();
    if (!made) return "the window's configuration is refused";
    step_ = std::move(made);
    for (const json& step : row_.at("steps")) {
      const std::string why = take(step);
      if (!why.empty()) return why + " at step " + step.dump();
      if (!panes_.refused.empty()) return "an event was refused: " + panes_.refused;
    }
    return {};
  }

 private:
  std::unique_ptr<Step> make() const {
    const json& window = row_.at("window");
    WindowConfig config = window_config(window.at("size"), window.value("offset", 0));
    config.key = "subject";
    config.lateness = milliseconds(row_.at("allowed_lateness").get<std::int64_t>());
    config.accumulating = row_.at("accumulation") == "accumulating";
    const std::string& aggregate = row_.at("aggregate");
    if (aggregate == "sum") config.emit = {{"value", "sum(data.value)"}};
    if (aggregate == "list") config.emit = {{"value", "collect(data.value, 1000)"}};
    auto made = make_window(config);
    auto* step = std::get_if<std::unique_ptr<Step>>(&made);
    return step == nullptr ? nullptr : std::move(*step);
  }

  std::string take(const json& step) {
    const std::string& what = step.begin().key();
    const json& value = step.begin().value();
    if (what == "event") return block({&value, 1});
    if (what == "batch") {
      const std::vector<json> events = value;
      return block(events);
    }
    if (what == "watermark") return advance(at(value));
    if (what == "flush" || what == "end_of_stream") return advance(Timestamp::max());
    if (what == "restart") return restart();
    if (what == "expect") return check(value, panes_.fired);
    if (what == "expect_late") return check(value, panes_.late);
    if (what == "expect_late_count") {
      const auto count = std::exchange(panes_.late, json::array()).size();
      return count == value.get<std::size_t>() ? "" : "late: " + std::to_string(count);
    }
    return what == "note" ? "" : "there is no such thing";
  }

  std::string block(std::span<const json> rows) {
    std::vector<Event*> events;
    for (const json& row : rows) events.push_back(event(row));
    step_->process(events, panes_);
    if (implicit_) {
      for (const Event* event : events) implicit_->observe(event->time, event->time, false);
      return advance(*implicit_->watermark());
    }
    // No event moves an explicit watermark.
    if (watermark_) step_->advance_watermark(*watermark_, panes_);
    return {};
  }

  Event* event(const json& row) {
    Arena& arena = panes_.arena();
    MapEntry* entry =
        arena.make(MapEntry{Value::string("value"), Value::integer(row.at("value").get<int>())});
    Event* event = arena.make<Event>();
    event->subject = arena.copy(row.at("key").get<std::string>());
    event->time = at(row.at("ts"));
    event->data = Value::map({entry, 1});
    return event;
  }

  std::string advance(Timestamp watermark) {
    watermark_ = watermark;
    step_->advance_watermark(watermark, panes_);
    return {};
  }

  // Save, stop, load.
  std::string restart() {
    auto fresh = make();
    step_->begin_snapshot();
    for (bool is_last = false; !is_last;) {
      std::string slice;
      is_last = step_->save_slice(64, slice);
      if (const auto loaded = fresh->load_slice(slice); !loaded) return loaded.error().message;
    }
    step_ = std::move(fresh);
    return {};
  }

  static std::string check(const json& wanted, json& got) {
    const json now = std::exchange(got, json::array());
    return agree(wanted, now) ? "" : "got " + now.dump();
  }

  const json& row_;
  std::optional<SourceWatermark> implicit_;
  std::optional<Timestamp> watermark_;
  Panes panes_;
  std::unique_ptr<Step> step_;
};

// The bounds [start, end] of the one window that an event at `time` falls into.
json bounds(const WindowConfig& config, std::int64_t time) {
  auto made = make_window(config);
  auto* step = std::get_if<std::unique_ptr<Step>>(&made);
  if (step == nullptr) return nullptr;
  Panes panes;
  Event event;
  event.time = at(time);
  Event* const pointer = &event;
  (*step)->process({&pointer, 1}, panes);
  (*step)->advance_watermark(Timestamp::max(), panes);
  if (panes.fired.size() != 1) return panes.fired;
  return {panes.fired[0]["start"], panes.fired[0]["end"]};
}

std::string judge_assign(const json& row) {
  const json& window = row.at("window");
  const json got =
      bounds(window_config(window.at("size"), window.value("offset", 0)), row.at("ts"));
  return json::array({got}) == row.at("expect") ? "" : "got " + got.dump();
}

std::string judge_aligned_end(const json& row) {
  const json got = bounds(window_config(row.at("interval_ms"), 0), row.at("ts"));
  return got.size() == 2 && got[1] == row.at("expect_end") ? "" : "got " + got.dump();
}

std::string judge_invalid_config(const json& row) {
  const json& window = row.at("window");
  const auto made = make_window(window_config(window.at("size"), window.value("offset", 0)));
  return std::holds_alternative<StepErrors>(made) ? "" : "it is accepted";
}

std::string judge_watermark(const json& row) {
  SourceWatermark watermark({milliseconds(row.at("delay")), Duration{0}, Duration{0}});
  for (const json& step : row.at("steps")) {
    if (step.contains("item")) {
      const Timestamp time = at(step.at("item"));
      watermark.observe(time, time, false);
    }
    if (!step.contains("wm")) continue;
    const auto got = watermark.watermark();
    if (!got || unit_of(*got) != step.at("wm")) return "another watermark at step " + step.dump();
  }
  return {};
}

std::string judge(const json& row) {
  const std::string& kind = row.at("kind");
  if (kind == "stream") return Scenario(row).play();
  if (kind == "assign") return judge_assign(row);
  if (kind == "aligned_end") return judge_aligned_end(row);
  if (kind == "invalid_config") return judge_invalid_config(row);
  if (kind == "watermark") return judge_watermark(row);
  return "a row of unknown kind " + kind;
}

}  // namespace

void run_window_semantics(const Suite& suite, Report& report) {
  each_row(suite.part_folder() / "window_scenarios.jsonl", [&](const json& row) {
    if (const Rule* const rule = suite.declared(row)) {
      report.not_supported(rule->name);
      return;
    }
    const std::string why = judge(row);
    if (why.empty()) {
      report.pass();
    } else {
      report.fail(row.at("id").get<std::string>(), why);
    }
  });
}

}  // namespace sluice::conformance
