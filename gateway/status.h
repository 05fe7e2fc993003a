// Status: what a person wants to know about a running gateway, as data and as JSON. The screen of
// `sluice status` is made from the JSON (status_screen.h), so that both say the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "gateway/flash_account.h"

namespace sluice {

struct SourceReport {
  std::string name;
  std::string type;
  bool is_running = false;  // listening, or connected and subscribed
  std::string address;
  std::uint64_t connections = 0;
  std::uint64_t messages = 0;
  double messages_per_second = 0;  // over the last minute
  Timestamp last_message{};        // the epoch: none since the start
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
  std::uint64_t backlog_bytes = 0;         // in the store, compressed (see backlog.h)
  std::optional<Duration> oldest_waiting;  // the age of the first event that waits
  std::optional<Duration> full_in;         // its growing backlog fills the store then
  std::uint64_t rejected_events = 0;
  std::uint64_t given_up_events = 0;  // by a policy: dropped, or replaced by summaries
  std::string when_full;
  double compression = 0;  // raw bytes per byte on the wire; 0: nothing sent yet
  Timestamp last_delivery{};
  std::string last_error;  // the last one since the start, also when all is well again
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
  double store_growth_bytes_per_second = 0;  // over the last minutes
  std::optional<Duration> store_full_in;     // nothing while it does not grow
  FlashFigures flash;
  double write_amplification = 0;     // bytes written per byte of payload received; 0: not known
  std::optional<double> flash_years;  // until the disk's flash is worn, at this rate
  std::uint64_t commits = 0;
  std::uint64_t redelivered = 0;
  std::uint64_t dead_letters = 0;
  std::uint64_t damaged_records = 0;
  std::uint64_t quarantined_records = 0;
  std::string store_moved_aside;  // a damaged or newer store that this start set aside; empty: none
  std::uint64_t salvaged_records = 0;
  std::string encryption = "off";  // "on", "under way"
  std::uint64_t replay_differences = 0;
  std::vector<SourceReport> sources;
  std::vector<PipelineReport> pipelines;
  std::vector<SinkReport> sinks;

  bool is_red() const;  // a person should look
};

// Times are RFC 3339, spans of time are seconds; what is not known is null.
std::string status_json(const GatewayStatus& status);

}  // namespace sluice
