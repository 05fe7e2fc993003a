// arroyo-golden: queries of another engine's tests over two files of events, with the rows that it
// gave. A query becomes one window step; its input is one block (the engine reads the file in
// batches and loses nothing that is out of order), and then the end of the stream.
#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/arena.h"
#include "core/value.h"
#include "pipelines/windows/window.h"
#include "tests/conformance/json_value.h"
#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// A time as the engine writes it; without an offset it is UTC.
Result<Timestamp> read_time(std::string text) {
  static const std::regex has_offset(R"(.*(Z|[+-]\d\d:\d\d)$)");
  if (!std::regex_match(text, has_offset)) text += "Z";
  return parse_timestamp(text);
}

// Collects results.
class Results final : public StepOutput {
 public:
  Arena& arena() override { return arena_; }
  void emit(Event* event) override { events.push_back(event); }
  void emit_to(std::size_t, Event*) override { ++others; }
  void drop(const Event&, std::string_view) override { ++others; }
  void fail(Event*, std::string_view) override { ++others; }

  std::vector<const Event*> events;
  std::size_t others = 0;  // events that went into no window

 private:
  Arena arena_;
};

class Query {
 public:
  Query(const Suite& suite, const json& row) : row_(row) {
    const auto folder = suite.part_folder();
    each_row(folder / row.at("input"), [this](const json& event) { input_.push_back(event); });
    each_row(folder / row.at("golden"), [this](const json& result) { golden_.push_back(result); });
  }

  // Empty: it gives what the engine gave.
  std::string run() {
    auto made = make_window(config());
    if (const auto* errors = std::get_if<StepErrors>(&made)) {
      return "refused: " + errors->front().field + ": " + errors->front().message;
    }
    Step& step = *std::get<std::unique_ptr<Step>>(made);
    std::vector<Event*> events;
    for (const json& row : input_) events.push_back(event(row));
    step.process(events, results_);
    step.advance_watermark(Timestamp::max(), results_);
    if (results_.others != 0) return std::to_string(results_.others) + " events are in no window";
    if (golden_.front().contains("row_number")) keep_highest();
    return compare();
  }

 private:
  static WindowShape shape_of(const std::string& type) {
    static const std::map<std::string, WindowShape> shapes = {{"tumbling", WindowShape::tumbling},
                                                              {"hopping", WindowShape::hopping},
                                                              {"session", WindowShape::session},
                                                              {"unbounded", WindowShape::global}};
    return shapes.at(type);
  }

  WindowConfig config() const {
    const json& window = row_.at("window");
    WindowConfig config;
    config.shape = shape_of(window.at("type"));
    const bool is_session = config.shape == WindowShape::session;
    config.size = milliseconds(window.value(is_session ? "gap_ms" : "size_ms", std::int64_t{0}));
    config.every = milliseconds(window.value("slide_ms", std::int64_t{0}));
    if (config.shape == WindowShape::global) config.early_count = UINT32_MAX;
    for (const json& group : row_.at("group_by")) config.key = with_data(key_expression(group));
    for (const auto& [name, text] : row_.at("aggregates").items()) {
      config.emit.push_back({name, aggregate_of(text)});
    }
    return config;
  }

  // "user_id = counter % 10" names a column and says what it is; "driver_id" is one of the input.
  static std::string key_name(const std::string& group) { return group.substr(0, group.find(' ')); }
  static std::string key_expression(const std::string& group) {
    const std::size_t equals = group.find(" = ");
    return equals == std::string::npos ? group : group.substr(equals + 3);
  }

  // "count(*)" counts rows.
  std::string aggregate_of(const std::string& text) const {
    return with_data(std::regex_replace(text, std::regex(R"(\(\*\))"), "()"));
  }

  // Columns are fields of the data.
  std::string with_data(std::string text) const {
    for (const auto& [name, value] : input_.front().items()) {
      text = std::regex_replace(text, std::regex("\\b" + name + "\\b"), "data." + name);
    }
    return text;
  }

  Event* event(const json& row) {
    Event* event = results_.arena().make<Event>();
    const auto time = read_time(row.at(row_.at("event_time_field").get<std::string>()));
    CHECK(time.is_ok());
    event->time = *time;
    event->data = to_value(row, results_.arena());
    return event;
  }

  static Timestamp time_of(const Event& result, std::string_view name) {
    return to_timestamp(*find_extension(result, name));
  }

  // Of each window the result with the highest count, and of those the highest key: what the
  // queries that number rows ask for.
  void keep_highest() {
    std::map<Timestamp, const Event*> best;
    const auto rank = [](const Event* result) {
      return std::pair(result->data.find("count")->as_int(),
                       std::stoll(std::string(result->subject)));
    };
    for (const Event* result : results_.events) {
      const Event*& kept = best[time_of(*result, "windowend")];
      if (kept == nullptr || rank(kept) < rank(result)) kept = result;
    }
    results_.events.clear();
    for (const auto& [end, result] : best) results_.events.push_back(result);
  }

  // As multisets.
  std::string compare() {
    if (golden_.size() != results_.events.size()) {
      return std::to_string(results_.events.size()) + " rows, not " +
             std::to_string(golden_.size());
    }
    std::multimap<Timestamp, const Event*> left;
    for (const Event* result : results_.events) left.emplace(time_of(*result, "windowend"), result);
    for (const json& golden : golden_) {
      const auto found = std::ranges::find_if(
          left, [&](const auto& entry) { return is_it(golden, *entry.second); });
      if (found == left.end()) return "no result for " + golden.dump();
      left.erase(found);
    }
    return {};
  }

  // A column is an aggregate, the key, the number of the row (there is one), or a bound of the
  // window: its start, unless its name says otherwise.
  bool is_it(const json& golden, const Event& result) const {
    for (const auto& [name, value] : golden.items()) {
      if (name == "row_number") continue;
      if (const Value* const field = result.data.find(name)) {
        if (json::parse(to_json(*field)) != value) return false;
      } else if (name == key_name()) {
        const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
        if (text != result.subject) return false;
      } else {
        const bool is_end = name == "end" || name == "timestamp";
        const auto time = read_time(value);
        if (!time || *time != time_of(result, is_end ? "windowend" : "windowstart")) return false;
      }
    }
    return true;
  }

  std::string key_name() const {
    return row_.at("group_by").empty() ? "" : key_name(row_.at("group_by").front());
  }

  const json& row_;
  std::vector<json> input_;
  std::vector<json> golden_;
  Results results_;
};

}  // namespace

void run_arroyo_golden(const Suite& suite, Report& report) {
  each_row(suite.part_folder() / "queries.jsonl", [&](const json& row) {
    if (const Rule* const rule = suite.declared(row)) {
      report.not_supported(rule->name);
      return;
    }
    const std::string why = Query(suite, row).run();
    if (why.empty()) {
      report.pass();
    } else {
      report.fail(row.at("id").get<std::string>(), why);
    }
  });
}

}  // namespace sluice::conformance
