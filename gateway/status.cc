#include "gateway/status.h"

#include <algorithm>

#include "core/value.h"
#include "drivers/codecs/json.h"

namespace sluice {
namespace {

double seconds_of(Duration duration) {
  return static_cast<double>(
             std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) /
         1000;
}

// Writes JSON objects by hand: fields in the order of the calls.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_.push_back('{'); }
  void end() { out_.push_back('}'); }
  void field(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void field(std::string_view name, const char* value) { field(name, std::string_view(value)); }
  void field(std::string_view name, std::uint64_t value) {
    key(name);
    append_unsigned(out_, value);
  }
  void field(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void field(std::string_view name, double value) {
    key(name);
    append_number(out_, value);
  }
  void field(std::string_view name, std::optional<double> value) {
    key(name);
    if (value) {
      append_number(out_, *value);
    } else {
      out_ += "null";
    }
  }
  void field(std::string_view name, Timestamp value) {
    key(name);
    if (value == Timestamp{}) {
      out_ += "null";
    } else {
      out_.push_back('"');
      append_timestamp(out_, std::chrono::time_point_cast<std::chrono::milliseconds>(value));
      out_.push_back('"');
    }
  }
  void field(std::string_view name, std::optional<Duration> value) {
    key(name);
    if (value) {
      append_number(out_, seconds_of(*value));
    } else {
      out_ += "null";
    }
  }
  void key(std::string_view name) {
    if (out_.back() != '{') out_.push_back(',');
    append_json_string(out_, name);
    out_.push_back(':');
  }

 private:
  std::string& out_;
};

template <typename Items, typename Write>
void append_list(std::string& out, const Items& items, Write write) {
  out.push_back('[');
  for (const auto& item : items) {
    if (out.back() != '[') out.push_back(',');
    write(item);
  }
  out.push_back(']');
}

void append_source(std::string& out, const SourceReport& source) {
  ObjectWriter object(out);
  object.field("name", source.name);
  object.field("type", source.type);
  object.field("running", source.is_running);
  object.field("address", source.address);
  object.field("connections", source.connections);
  object.field("messages", source.messages);
  object.field("messages_per_second", source.messages_per_second);
  object.field("last_message", source.last_message);
  object.field("undecodable", source.undecodable);
  object.field("refused", source.refused);
  object.field("last_error", source.last_error);
  object.field("last_error_time", source.last_error_time);
  object.end();
}

void append_pipeline(std::string& out, const PipelineReport& pipeline) {
  ObjectWriter object(out);
  object.field("name", pipeline.name);
  object.field("in", pipeline.in);
  object.field("out", pipeline.out);
  object.field("failed", pipeline.failed);
  object.key("dropped");
  ObjectWriter dropped(out);
  for (const auto& [reason, events] : pipeline.dropped) dropped.field(reason, events);
  dropped.end();
  object.end();
}

void append_sink(std::string& out, const SinkReport& sink) {
  ObjectWriter object(out);
  object.field("name", sink.name);
  object.field("type", sink.type);
  object.field("failing", sink.is_failing);
  object.field("delivered_events", sink.delivered_events);
  object.field("batches", sink.batches);
  object.field("backlog_events", sink.backlog_events);
  object.field("backlog_bytes", sink.backlog_bytes);
  object.field("oldest_waiting_seconds", sink.oldest_waiting);
  object.field("full_in_seconds", sink.full_in);
  object.field("rejected_events", sink.rejected_events);
  object.field("given_up_events", sink.given_up_events);
  object.field("when_full", sink.when_full);
  object.field("compression", sink.compression);
  object.field("last_delivery", sink.last_delivery);
  object.field("last_error", sink.last_error);
  object.field("last_error_time", sink.last_error_time);
  object.end();
}

}  // namespace

bool GatewayStatus::is_red() const {
  return !refused.empty() || is_blocked || damaged_records > 0 || !store_moved_aside.empty() ||
         replay_differences > 0 ||
         std::ranges::any_of(sources,
                             [](const SourceReport& source) { return !source.is_running; }) ||
         std::ranges::any_of(sinks, [](const SinkReport& sink) { return sink.is_failing; });
}

std::string status_json(const GatewayStatus& status) {
  std::string out;
  ObjectWriter object(out);
  object.field("gateway", status.gateway);
  object.field("version", status.version);
  object.field("now", status.now);
  object.field("started", status.started_at);
  object.field("red", status.is_red());
  object.field("configuration", status.configuration_file);
  object.field("configuration_since", status.configuration_since);
  object.field("refused", status.refused);
  object.field("blocked", status.is_blocked);
  object.field("store_used_bytes", status.store_used_bytes);
  object.field("store_max_bytes", status.store_max_bytes);
  object.field("store_growth_bytes_per_second", status.store_growth_bytes_per_second);
  object.field("store_full_in_seconds", status.store_full_in);
  object.field("store_moved_aside", status.store_moved_aside);
  object.field("salvaged_records", status.salvaged_records);
  object.field("quarantined_records", status.quarantined_records);
  object.field("encryption", status.encryption);
  object.field("written_bytes", status.flash.written_bytes);
  object.field("written_bytes_per_day", status.flash.bytes_per_day);
  object.field("written_bytes_per_commit", status.flash.bytes_per_commit);
  object.field("write_amplification", status.write_amplification);
  object.field("flash_budget_bytes_per_day", status.flash.budget_per_day);
  object.field("flash_interval_seconds", std::optional(status.flash.stretched_interval));
  object.field("flash_over_budget", status.flash.is_over_budget);
  object.field("flash_years", status.flash_years);
  object.field("commits", status.commits);
  object.field("redelivered", status.redelivered);
  object.field("dead_letters", status.dead_letters);
  object.field("damaged_records", status.damaged_records);
  object.field("replay_differences", status.replay_differences);
  object.key("sources");
  append_list(out, status.sources, [&](const SourceReport& source) { append_source(out, source); });
  object.key("pipelines");
  append_list(out, status.pipelines,
              [&](const PipelineReport& pipeline) { append_pipeline(out, pipeline); });
  object.key("sinks");
  append_list(out, status.sinks, [&](const SinkReport& sink) { append_sink(out, sink); });
  object.end();
  return out;
}

}  // namespace sluice
