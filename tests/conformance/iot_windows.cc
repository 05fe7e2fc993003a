// iot-*: real sensor data, fed row by row as JSON messages into a gateway's configuration with a
// window step, and compared with aggregates that were computed with exact fractions.
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "drivers/codecs/decoder_factory.h"
#include "gateway/configuration.h"
#include "gateway/event_maker.h"
#include "tests/conformance/suites.h"

namespace sluice::conformance {
namespace {

using nlohmann::json;

// How one file of the data is read.
struct Table {
  std::string rows;                 // .csv.gz
  std::string expected;             // .jsonl.gz
  std::string window;               // "1d"
  std::vector<std::string> fields;  // columns that are summarised
  std::string key;                  // column, or empty
  std::string missing;              // what a missing cell holds beside nothing
};

struct Result5 {
  double count = 0, sum = 0, min = 0, max = 0, mean = 0;
};
using Results =
    std::map<std::tuple<std::int64_t, std::string, std::string>, Result5>;  // start ms, key, field

// "16/12/2006 17:24:00", or the columns year, month, day and hour, as RFC 3339 in UTC.
std::string time_of(const std::map<std::string, std::string>& row) {
  char text[64];
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (const auto found = row.find("Datetime"); found != row.end()) {
    std::sscanf(found->second.c_str(), "%d/%d/%d %d:%d:%d", &day, &month, &year, &hour, &minute,
                &second);
  } else {
    year = std::stoi(row.at("year"));
    month = std::stoi(row.at("month"));
    day = std::stoi(row.at("day"));
    hour = std::stoi(row.at("hour"));
  }
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute,
                second);
  return text;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

std::string configuration_text(const Table& table) {
  std::string emit;
  for (std::size_t i = 0; i < table.fields.size(); ++i) {
    const std::string f = "f" + std::to_string(i);
    for (const auto& [letter, aggregate] :
         {std::pair{"c", "count"}, {"s", "sum"}, {"l", "min"}, {"h", "max"}, {"m", "avg"}}) {
      emit += (emit.empty() ? "" : ", ") + std::string(letter) + std::to_string(i) + " = \"" +
              aggregate + "(data." + f + ")\"";
    }
  }
  return "[sources.rows]\ntype = \"mqtt\"\nlisten = [\"mqtt://127.0.0.1:0\"]\ndecode = \"json\"\n"
         "event = { time = \"timestamp(data.t)\" }\n"
         "[sinks.out]\ntype = \"file\"\npath = \"/unused\"\n"
         "[pipelines.p]\nfrom = [\"rows\"]\nto = [\"out\"]\n"
         "[[pipelines.p.steps]]\nwindow = { tumbling = \"" +
         table.window + "\", key = \"data.key\" }\nemit = { " + emit + " }\n";
}

// The configuration's graph, fed one message at a time.
class Pipeline {
 public:
  Pipeline(const Table& table, Report& report) : table_(table) {
    std::string problems;
    auto configuration =
        read_configuration_text(configuration_text(table), "suite.toml", problems, false);
    if (!configuration) {
      report.fail(table.rows, problems);
      return;
    }
    GraphSetup setup;
    setup.gateway = "suite";
    setup.store_id = "suite";
    setup.sources.push_back({"rows", configuration->sources[0].watermark});
    setup.pipelines = std::move(configuration->pipelines);
    auto graph = Graph::build(std::move(setup));
    if (!graph) {
      report.fail(table.rows, graph.error().message);
      return;
    }
    graph_ = std::move(*graph);
    EventMakerSetup maker;
    maker.source_name = "rows";
    maker.gateway = "suite";
    maker.store_id = "suite";
    maker.decoder = std::move(configuration->sources[0].decoder);
    maker.mapping = std::move(configuration->sources[0].mapping);
    maker.needs_data = true;
    maker_ = std::make_unique<EventMaker>(std::move(maker));
  }

  bool is_good() const { return graph_ != nullptr; }

  // Gives why the row went wrong, or nothing.
  std::string feed(const json& row) {
    Arena arena;
    const std::string payload = row.dump();
    Message message;
    message.payload = payload;
    message.received = Timestamp(std::chrono::seconds(1'790'000'000));
    std::vector<Event> events;
    if (const auto made = maker_->make(message, arena, sequence_, events); !made)
      return made.error().message;
    std::vector<Event*> pointers;
    for (Event& event : events) pointers.push_back(&event);
    ++block_;
    GraphOutput output;
    graph_->process(
        pointers,
        {block_, EngineTime{static_cast<std::int64_t>(block_)}, message.received, true, false},
        arena, output);
    if (!output.dead_letters.empty()) return output.dead_letters[0].reason;
    for (const Event* event : output.targets[0]) take(*event);
    return {};
  }

  const Results& results() const { return results_; }

 private:
  void take(const Event& event) {
    const std::int64_t start =
        to_timestamp(*find_extension(event, "windowstart")).time_since_epoch() /
        std::chrono::milliseconds(1);
    for (std::size_t i = 0; i < table_.fields.size(); ++i) {
      const auto number = [&](const char* letter) {
        const Value* value = event.data.find(letter + std::to_string(i));
        return value != nullptr && value->is_numeric() ? value->to_double() : std::nan("");
      };
      if (number("c") == 0) continue;  // no row had this field
      results_[{start, std::string(event.subject), table_.fields[i]}] = {
          number("c"), number("s"), number("l"), number("h"), number("m")};
    }
  }

  const Table& table_;
  std::unique_ptr<Graph> graph_;
  std::unique_ptr<EventMaker> maker_;
  std::uint64_t sequence_ = 1;
  std::uint64_t block_ = 0;
  Results results_;
};

// The expected numbers are exact, and means are rounded at nine places.
bool is_close(double got, double expected) {
  return std::fabs(got - expected) <= 1e-9 * std::fabs(expected) + 5.1e-10;
}

void compare(const Suite& suite, const Table& table, const Results& results, Report& report) {
  std::size_t expected_rows = 0;
  each_row(suite.part_folder() / table.expected, [&](const json& row) {
    ++expected_rows;
    const auto found = results.find({row.at("start"), row.at("key"), row.at("field")});
    const std::string id = table.expected + " " + row.dump();
    if (found == results.end()) {
      report.fail(id, "there is no such window");
      return;
    }
    const auto number = [&](const char* name) {
      return std::stod(row.at(name).get<std::string>());
    };
    const Result5& got = found->second;
    const bool is_good = got.count == row.at("count").get<double>() &&
                         is_close(got.sum, number("sum")) && is_close(got.min, number("min")) &&
                         is_close(got.max, number("max")) && is_close(got.mean, number("mean"));
    if (is_good) {
      report.pass();
    } else {
      report.fail(id, "got count " + std::to_string(got.count) + " sum " + std::to_string(got.sum) +
                          " mean " + std::to_string(got.mean));
    }
  });
  if (results.size() != expected_rows) {
    report.fail(table.expected, std::to_string(results.size()) + " windows and fields instead of " +
                                    std::to_string(expected_rows));
  }
}

void run_table(const Suite& suite, const Table& table, Report& report) {
  Pipeline pipeline(table, report);
  if (!pipeline.is_good()) return;
  std::istringstream lines(read_text(suite.part_folder() / table.rows));
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> columns = split(line);
  std::string last_time;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = split(line);
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < columns.size() && i < cells.size(); ++i) row[columns[i]] = cells[i];
    last_time = time_of(row);
    json message = {{"t", last_time}, {"key", table.key.empty() ? "" : row[table.key]}};
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
      const std::string& cell = row[table.fields[i]];
      if (cell.empty() || cell == table.missing || cell == "?") continue;
      // ".5" is a number of the data, but not of JSON.
      message["f" + std::to_string(i)] =
          json::accept(cell) ? json::parse(cell) : json(std::stod(cell));
    }
    if (const std::string why = pipeline.feed(message); !why.empty()) report.fail(line, why);
  }
  // Much later, so that the last windows fire; it has no values of its own.
  const Timestamp end = parse_timestamp(last_time).value() + std::chrono::hours(24 * 30);
  if (const std::string why = pipeline.feed({{"t", format_timestamp(end)}, {"key", "end"}});
      !why.empty())
    report.fail("end", why);
  compare(suite, table, pipeline.results(), report);
}

}  // namespace

void run_iot_air_quality(const Suite& suite, Report& report) {
  run_table(suite,
            {"uci_air_quality.csv.gz",
             "uci_air_quality_expected_tumbling_1d.jsonl.gz",
             "1d",
             {"T", "C6H6(GT)", "CO(GT)", "RH"},
             "",
             "-200"},
            report);
  run_table(suite,
            {"beijing_pm25.csv.gz",
             "beijing_pm25_expected_tumbling_1d_by_wind.jsonl.gz",
             "1d",
             {"pm2.5", "TEMP", "PRES"},
             "cbwd",
             "NA"},
            report);
}

void run_iot_household_power(const Suite& suite, Report& report) {
  run_table(suite,
            {"household_power.csv.gz",
             "household_power_expected_tumbling_15min.jsonl.gz",
             "15m",
             {"Global_active_power", "Global_reactive_power", "Voltage", "Global_intensity",
              "Sub_metering_1", "Sub_metering_2", "Sub_metering_3"},
             "",
             "?"},
            report);
}

}  // namespace sluice::conformance
