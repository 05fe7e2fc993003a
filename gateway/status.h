// Status: what `sluice status` shows, as data, as JSON and as one screen of text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace sluice {

struct SourceReport {
  std::string name;
  std::string type;
  bool is_running = false;
  std::string address;
  std::uint64_t connections = 0;
  std::uint64_t messages = 0;
  std::uint64_t undecodable = 0;
  std::uint64_t refused = 0;
  std::string last_error;
  Timestamp last_error_time{};
};

struct PipelineReport {
  std::string name;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t failed = 0;
  std::vector<std::pair<std::string, std::uint64_t>> dropped;  // "filter#1: filter" -> events
};

struct SinkReport {
  std::string name;
  std::string type;
  bool is_failing = false;
  std::uint64_t delivered_events = 0;
  std::uint64_t batches = 0;
  std::uint64_t backlog_events = 0;
  std::uint64_t rejected_events = 0;
  double compression = 0;  // raw bytes per byte on the wire; 0: nothing sent yet
  Timestamp last_delivery{};
  std::string last_error;
  Timestamp last_error_time{};
};

struct GatewayStatus {
  std::string gateway;
  std::string version;
  Timestamp now{};
  Timestamp started_at{};
  std::string configuration_file;
  Timestamp configuration_since{};
  std::string refused;      // why the file on disk is not in force; empty: it is
  bool is_blocked = false;  // the store is full
  std::uint64_t store_used_bytes = 0;
  std::uint64_t store_max_bytes = 0;
  std::uint64_t commits = 0;
  std::uint64_t redelivered = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t damaged_records = 0;
  std::uint64_t replay_differences = 0;
  std::vector<SourceReport> sources;
  std::vector<PipelineReport> pipelines;
  std::vector<SinkReport> sinks;

  bool is_red() const;  // a person should look
};

std::string status_json(const GatewayStatus& status);

// One screen of text, from the JSON that a gateway answered. Colours only when asked for.
//   bad_input  not what status_json wrote
Result<std::string> render_status(std::string_view json, bool with_colour);
// What is_red() said, from the JSON.
bool json_is_red(std::string_view json);

}  // namespace sluice
