// window-semantics: scenarios that other engines' tests describe, one a line. Each goes through the
// window step (or the source watermark) that production runs; one unit of a row's time is 1 ms
// here.
//
// Each stream is played twice, the second time with a crash before every step: the state is saved,
// and loaded into a new step.
//
// An event, or a batch, is one block: the step sees it, then the watermark, then engine time, which
// stands still until a row fires early results. The end of a stream is the watermark at the end of
// time.
#include <algorithm>
#include <chrono>
#include <map>
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
#include "tests/conformance/json_value.h"
#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

Timestamp at(std::int64_t unit) { return Timestamp(milliseconds(unit)); }
std::int64_t unit_of(Timestamp time) { return time.time_since_epoch() / milliseconds(1); }

// How often a window gives early results where a row calls for them.
constexpr auto early_interval = milliseconds(1);

WindowShape shape_of(const std::string& type) {
  static const std::map<std::string, WindowShape> shapes = {
      {"tumbling", WindowShape::tumbling},
      {"hopping", WindowShape::hopping},
      {"session", WindowShape::session},
      {"count", WindowShape::count},
      {"sliding_per_event", WindowShape::sliding},
      {"sliding", WindowShape::sliding},
      {"global", WindowShape::global}};
  return shapes.at(type);
}

// Of a row's `window`; counts events.
WindowConfig window_config(const json& window) {
  WindowConfig config;
  config.shape = shape_of(window.at("type"));
  if (config.shape == WindowShape::count) {
    config.count = window.at("size");
    config.count_every = window.value("slide", 0U);
  } else {
    config.size =
        milliseconds(window.value(config.shape == WindowShape::session ? "gap" : "size", 0));
    config.every = milliseconds(window.value("slide", 0));
  }
  config.offset = milliseconds(window.value("offset", 0));
  config.time_zone = window.value("time_zone", "");
  if (window.contains("trigger")) config.early_count = window.at("trigger").at("n");
  config.emit = {{"value", "count()"}};
  return config;
}

// Takes what the step gives, in the terms of the rows.
class Panes final : public StepOutput {
 public:
  // `gap` lies between the last event of a session and its end.
  explicit Panes(std::int64_t gap = 0) : gap_(gap) {}

  Arena& arena() override { return arena_; }
  void emit(Event* event) override {
    const bool is_early = find_extension(*event, "early") != nullptr;
    json pane = {{"key", std::string(event->subject)},
                 {"value", json::parse(to_json(*event->data.find("value")))},
                 {"early", is_early},
                 {"late", !is_early && find_extension(*event, "revision")->as_int() > 0}};
    if (const Value* start = find_extension(*event, "windowstart")) {
      const std::int64_t end = unit_of(to_timestamp(*find_extension(*event, "windowend")));
      pane["start"] = pane["first"] = unit_of(to_timestamp(*start));
      pane["end"] = end;
      pane["end_inclusive"] = end - 1;
      pane["last"] = end - gap_;
    }
    fired.push_back(std::move(pane));
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
  const std::int64_t gap_;
  Arena arena_;
};

void sort_lists(json& panes) {
  for (json& pane : panes) {
    if (!pane.contains("value") || !pane["value"].is_array()) continue;
    std::sort(pane["value"].begin(), pane["value"].end());
  }
}

// Whether each wanted object agrees with another of `got` in all of its fields that `got` has.
// NOLINTNEXTLINE(performance-unnecessary-value-param): both are sorted in place, by pointer
bool agree(json wanted, json got, bool is_list_ordered) {
  if (!is_list_ordered) {
    for (json* panes : {&wanted, &got}) sort_lists(*panes);
  }
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
  explicit Scenario(const json& row) : row_(row), panes_(row.at("window").value("gap", 0)) {
    const json& strategy = row.at("watermark_strategy");
    if (strategy.is_object()) {
      // The rows have no receive times, so there is no future to guard against.
      implicit_.emplace(
          WatermarkConfig{milliseconds(strategy.at("delay")), Duration{0}, Duration{0}});
    }
  }

  // Empty: as the row wants it. With crashes the state is saved and loaded before every step.
  std::string play(bool has_crashes) {
    auto made = make();
    if (!made) return "the window's configuration is refused";
    step_ = std::move(made);
    for (const json& step : row_.at("steps")) {
      std::string why = has_crashes ? restart() : "";
      if (why.empty()) why = take(step);
      if (!why.empty()) return why + " at step " + step.dump();
      if (!panes_.refused.empty()) return "an event was refused: " + panes_.refused;
    }
    return {};
  }

 private:
  std::unique_ptr<Step> make() const {
    WindowConfig config = window_config(row_.at("window"));
    config.key = "subject";
    config.accumulating = row_.at("accumulation") == "accumulating";
    config.late_by_event = row_.at("late_rule") == "event_ts";
    config.splits_touching = row_.at("session_touch") == "split";
    // Of these there is nothing to configure: no event is late, and each event is told once.
    if (config.shape == WindowShape::count || config.shape == WindowShape::sliding) {
      config.accumulating = true;
    }
    if (config.shape != WindowShape::count) {
      config.lateness = milliseconds(row_.at("allowed_lateness").get<std::int64_t>());
    }
    if (std::ranges::any_of(row_.at("steps"),
                            [](const json& step) { return step.contains("fire"); })) {
      config.early = early_interval;
    }
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
      std::vector<json> events;
      for (const json& item : value) events.push_back(item.value("event", item));
      return block(events);
    }
    if (what == "fire") {
      engine_time_ = engine_time_ + early_interval;
      step_->advance_time(engine_time_, panes_);
      return {};
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
      watermark_ = *implicit_->watermark();
    }
    // No event moves an explicit watermark.
    if (watermark_) step_->advance_watermark(*watermark_, panes_);
    step_->advance_time(engine_time_, panes_);
    return {};
  }

  Event* event(const json& row) {
    Arena& arena = panes_.arena();
    MapEntry* entry =
        arena.make(MapEntry{Value::string("value"), to_value(row.at("value"), arena)});
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
    if (!implicit_) return {};
    std::string saved;
    implicit_->save(saved);
    const auto loaded = implicit_->load(saved);
    return loaded ? "" : loaded.error().message;
  }

  std::string check(const json& wanted, json& got) const {
    const json now = std::exchange(got, json::array());
    // Beam's collections have no order; its tests list what they hold.
    const bool is_list_ordered = row_.at("engine") != "beam";
    return agree(wanted, now, is_list_ordered) ? "" : "got " + now.dump();
  }

  const json& row_;
  std::optional<SourceWatermark> implicit_;
  std::optional<Timestamp> watermark_;
  EngineTime engine_time_{};
  Panes panes_;
  std::unique_ptr<Step> step_;
};

// The bounds [start, end] of the windows that an event at `time` falls into.
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
  json all = json::array();
  for (const json& pane : panes.fired) all.push_back({pane["start"], pane["end"]});
  return all;
}

std::string judge_assign(const json& row) {
  const json got = bounds(window_config(row.at("window")), row.at("ts"));
  return got == row.at("expect") ? "" : "got " + got.dump();
}

std::string judge_aligned_end(const json& row) {
  const json window = {
      {"type", "tumbling"}, {"size", row.at("interval_ms")}, {"time_zone", row.at("time_zone")}};
  const json got = bounds(window_config(window), row.at("ts"));
  return got.size() == 1 && got[0][1] == row.at("expect_end") ? "" : "got " + got.dump();
}

std::string judge_invalid_config(const json& row) {
  const auto made = make_window(window_config(row.at("window")));
  return std::holds_alternative<StepErrors>(made) ? "" : "it is accepted";
}

std::string judge_watermark(const json& row) {
  WatermarkConfig config{milliseconds(row.at("delay")), Duration{0}, Duration{0}};
  const auto waits = [](const json& step) { return step.contains("advance_wall"); };
  if (std::ranges::any_of(row.at("steps"), waits)) config.idle_advance = Duration{0};
  SourceWatermark watermark(config);
  EngineTime now{};
  for (const json& step : row.at("steps")) {
    if (waits(step)) {
      now = now + milliseconds(step.at("advance_wall"));
      continue;
    }
    if (step.contains("item")) {
      const Timestamp time = at(step.at("item"));
      watermark.observe(time, time, false);
    }
    watermark.advance_time(now, false);
    if (!step.contains("wm")) continue;
    const auto got = watermark.watermark();
    if (!got || unit_of(*got) != step.at("wm")) return "another watermark at step " + step.dump();
  }
  return {};
}

std::string judge(const json& row) {
  const std::string& kind = row.at("kind");
  if (kind == "stream") {
    const std::string why = Scenario(row).play(false);
    if (!why.empty()) return why;
    const std::string after_crashes = Scenario(row).play(true);
    return after_crashes.empty() ? "" : "with a crash before every step: " + after_crashes;
  }
  if (kind == "assign") return judge_assign(row);
  if (kind == "aligned_end") return judge_aligned_end(row);
  if (kind == "invalid_config") return judge_invalid_config(row);
  if (kind == "watermark") return judge_watermark(row);
  return "a row of unknown kind " + kind;
}

}  // namespace

void run_window_semantics(const Suite& suite, Report& report) {
  each_row(suite.part_folder() / "window_scenarios.jsonl", [&](const json& row) {
    const std::string why = judge(row);
    const Rule* const rule = suite.declared(row);
    if (why.empty()) {
      report.pass();
    } else if (rule != nullptr) {
      report.not_supported(rule->name);
    } else {
      report.fail(row.at("id").get<std::string>(), why);
    }
  });
}

}  // namespace sluice::conformance
