#include "gateway/status.h"

#include <algorithm>
#include <array>

#include "core/arena.h"
#include "core/value.h"
#include "drivers/codecs/json.h"

namespace sluice {
namespace {

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
  object.field("rejected_events", sink.rejected_events);
  object.field("compression", sink.compression);
  object.field("last_delivery", sink.last_delivery);
  object.field("last_error", sink.last_error);
  object.field("last_error_time", sink.last_error_time);
  object.end();
}

// --- reading it back for people ---

std::string text_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || value->is_null()) return {};
  return value->kind() == Kind::string ? std::string(value->as_text()) : to_json(*value);
}

std::uint64_t number_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  return value != nullptr && value->kind() == Kind::integer
             ? static_cast<std::uint64_t>(value->as_int())
             : 0;
}

bool truth_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  return value != nullptr && value->kind() == Kind::boolean && value->as_bool();
}

std::span<const Value> list_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || value->kind() != Kind::list) return {};
  return value->as_list();
}

// 12345678 -> "12,345,678".
std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < units.size()) {
    amount /= 1024;
    ++unit;
  }
  const std::uint64_t tenths = static_cast<std::uint64_t>(amount * 10 + 0.5);
  std::string text = std::to_string(tenths / 10);
  if (unit > 0) {
    text.push_back('.');
    text += std::to_string(tenths % 10);
  }
  text.push_back(' ');
  text += units[unit];
  return text;
}

// "3h12m ago", or nothing.
std::string ago(const Value& status, std::string_view time) {
  const auto now = parse_timestamp(text_of(status, "now"));
  const auto then = parse_timestamp(time);
  if (!now || !then) return {};
  auto rest = std::chrono::duration_cast<std::chrono::seconds>(*now - *then);
  if (rest < std::chrono::minutes(2))
    return std::to_string(std::max<std::int64_t>(0, rest.count())) + " s";
  if (rest < std::chrono::hours(2)) return std::to_string(rest / std::chrono::minutes(1)) + " min";
  if (rest < std::chrono::hours(48)) return std::to_string(rest / std::chrono::hours(1)) + " h";
  return std::to_string(rest / std::chrono::hours(24)) + " d";
}

class Screen {
 public:
  explicit Screen(bool with_colour) : with_colour_(with_colour) {}
  std::string mark(bool is_good) const {
    if (!with_colour_) return is_good ? "ok  " : "BAD ";
    return is_good ? "\x1b[32m●\x1b[0m " : "\x1b[31m●\x1b[0m ";
  }
  static std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text + " ";
  }
  void error_line(const Value& status, const Value& part) {
    const std::string error = text_of(part, "last_error");
    if (error.empty()) return;
    text += "        last error " + ago(status, text_of(part, "last_error_time")) +
            " ago: " + error + "\n";
  }
  std::string text;

 private:
  bool with_colour_;
};

void show_sources(Screen& screen, const Value& status) {
  screen.text += "\nSOURCES\n";
  for (const Value& source : list_of(status, "sources")) {
    screen.text += "  " + screen.mark(truth_of(source, "running")) +
                   Screen::padded(text_of(source, "name"), 14) +
                   Screen::padded(text_of(source, "address"), 28) +
                   Screen::padded(grouped(number_of(source, "connections")) + " peers", 12) +
                   grouped(number_of(source, "messages")) + " messages";
    if (const auto bad = number_of(source, "undecodable"))
      screen.text += ", " + grouped(bad) + " undecodable";
    if (const auto refused = number_of(source, "refused"))
      screen.text += ", " + grouped(refused) + " refused";
    screen.text += "\n";
    if (!truth_of(source, "running")) screen.error_line(status, source);
  }
}

void show_pipelines(Screen& screen, const Value& status) {
  screen.text += "\nPIPELINES\n";
  for (const Value& pipeline : list_of(status, "pipelines")) {
    screen.text += "  " + screen.mark(number_of(pipeline, "failed") == 0) +
                   Screen::padded(text_of(pipeline, "name"), 14) +
                   grouped(number_of(pipeline, "in")) + " in, " +
                   grouped(number_of(pipeline, "out")) + " out";
    if (const auto failed = number_of(pipeline, "failed"))
      screen.text += ", " + grouped(failed) + " failed";
    const Value* dropped = pipeline.find("dropped");
    if (dropped != nullptr && dropped->kind() == Kind::map && !dropped->as_map().empty()) {
      screen.text += "; dropped:";
      for (const MapEntry& entry : dropped->as_map()) {
        screen.text += " " + grouped(static_cast<std::uint64_t>(entry.value.as_int())) + " by " +
                       std::string(entry.key.as_text());
      }
    }
    screen.text += "\n";
  }
}

void show_sinks(Screen& screen, const Value& status) {
  screen.text += "\nSINKS\n";
  for (const Value& sink : list_of(status, "sinks")) {
    screen.text += "  " + screen.mark(!truth_of(sink, "failing")) +
                   Screen::padded(text_of(sink, "name"), 14) +
                   grouped(number_of(sink, "delivered_events")) + " delivered in " +
                   grouped(number_of(sink, "batches")) + " batches, " +
                   grouped(number_of(sink, "backlog_events")) + " waiting";
    if (const auto rejected = number_of(sink, "rejected_events"))
      screen.text += ", " + grouped(rejected) + " rejected";
    screen.text += "\n";
    if (truth_of(sink, "failing")) screen.error_line(status, sink);
  }
}

}  // namespace

bool GatewayStatus::is_red() const {
  return !refused.empty() || is_blocked || damaged_records > 0 || replay_differences > 0 ||
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

Result<std::string> render_status(std::string_view json, bool with_colour) {
  Arena arena;
  const Value status = TRY(parse_json(json, arena));
  if (status.find("gateway") == nullptr)
    return Error{ErrorKind::bad_input, "the gateway's answer is not a status"};
  Screen screen(with_colour);
  screen.text = "sluice " + text_of(status, "version") + "  gateway " + text_of(status, "gateway") +
                "  up " + ago(status, text_of(status, "started")) + "  configuration " +
                text_of(status, "configuration") + " in force for " +
                ago(status, text_of(status, "configuration_since")) + "\n";
  if (const std::string refused = text_of(status, "refused"); !refused.empty()) {
    screen.text += screen.mark(false) + "running the configuration of " +
                   text_of(status, "configuration_since") + "; the file on disk was refused:\n" +
                   refused;
  }
  const std::uint64_t used = number_of(status, "store_used_bytes");
  const std::uint64_t max = std::max<std::uint64_t>(1, number_of(status, "store_max_bytes"));
  screen.text += "store " + bytes_text(used) + " of " + bytes_text(max) + " (" +
                 std::to_string(used * 100 / max) + " %)";
  if (truth_of(status, "blocked")) screen.text += ", FULL: sources wait";
  screen.text += ", " + grouped(number_of(status, "dead_letters")) + " dead letters, " +
                 grouped(number_of(status, "redelivered")) + " repeats dropped";
  if (const auto damaged = number_of(status, "damaged_records"))
    screen.text += ", " + grouped(damaged) + " damaged records passed over";
  screen.text += "\n";
  show_sources(screen, status);
  show_pipelines(screen, status);
  show_sinks(screen, status);
  return std::move(screen.text);
}

bool json_is_red(std::string_view json) {
  Arena arena;
  const auto status = parse_json(json, arena);
  return !status || truth_of(*status, "red");
}

}  // namespace sluice
