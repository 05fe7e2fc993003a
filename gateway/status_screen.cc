#include "gateway/status_screen.h"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <optional>
#include <span>

#include "core/arena.h"
#include "core/clock.h"
#include "core/span_text.h"
#include "core/value.h"
#include "drivers/codecs/json.h"
#include "gateway/screen_text.h"

namespace sluice {
namespace {

constexpr std::size_t screen_width = 100;
constexpr std::size_t error_lines = 2;
// A failure that is over is shown for so long.
constexpr Duration remember_error = std::chrono::hours(1);

// --- reading the JSON ---

std::string text_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || value->kind() != Kind::string) return {};
  return on_one_line(value->as_text());
}

std::optional<double> figure_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || !value->is_numeric()) return std::nullopt;
  return value->to_double();
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

std::optional<Timestamp> time_of(const Value& object, std::string_view key) {
  const auto time = parse_timestamp(text_of(object, key));
  return time ? std::optional(*time) : std::nullopt;
}

std::span<const Value> list_of(const Value& object, std::string_view key) {
  const Value* value = object.find(key);
  if (value == nullptr || value->kind() != Kind::list) return {};
  return value->as_list();
}

// "41 h"; "-" when it is not known.
std::string seconds_text(const Value& object, std::string_view key) {
  const auto seconds = figure_of(object, key);
  if (!seconds) return "-";
  return span_text(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds)));
}

class Screen {
 public:
  Screen(const Value& status, bool with_colour)
      : with_colour_(with_colour), now_(time_of(status, "now").value_or(Timestamp{})) {}

  std::string text() && { return std::move(text_); }

  void line(std::string_view line) {
    text_ += line;
    while (!text_.empty() && text_.back() == ' ') text_.pop_back();
    text_.push_back('\n');
  }
  // A heading of a table: what the rows are, then the names of their columns.
  void heading(std::string_view title, std::string_view columns) {
    text_.push_back('\n');
    line(fit_left(title, mark_width + name_width) + std::string(columns));
  }
  // Starts a row of a table.
  std::string row(bool is_good, std::string_view name) const {
    return mark(is_good) + fit_left(name, name_width) + " ";
  }
  // A row of parts that are neither good nor bad.
  static std::string plain_row(std::string_view name) {
    return std::string(mark_width, ' ') + fit_left(name, name_width) + " ";
  }
  std::string mark(bool is_good) const {
    if (!with_colour_) return is_good ? "  ok  " : "  BAD ";
    return is_good ? "  \x1b[32m●\x1b[0m   " : "  \x1b[31m●\x1b[0m   ";
  }
  // What went wrong last, and when. Nothing when that was long ago.
  void last_error(const Value& part, bool is_good) {
    const std::string error = text_of(part, "last_error");
    const auto since = age(part, "last_error_time");
    if (error.empty() || (is_good && (!since || *since > remember_error))) return;
    const std::string when = since ? span_text(*since) + " ago: " : "";
    indented((is_good ? "last error " : "") + when + error, error_lines);
  }
  void indented(std::string_view words, std::size_t max_lines) {
    const std::string indent(mark_width, ' ');
    for (const std::string& piece : wrap(words, screen_width - mark_width, max_lines))
      line(indent + piece);
  }

  // How long ago it was; nothing: never.
  std::optional<Duration> age(const Value& object, std::string_view key) const {
    const auto then = time_of(object, key);
    if (!then) return std::nullopt;
    return std::max(Duration{0}, now_ - *then);
  }
  std::string age_text(const Value& object, std::string_view key) const {
    const auto since = age(object, key);
    return since ? span_text(*since) : "never";
  }

  static constexpr std::size_t mark_width = 6;
  static constexpr std::size_t name_width = 12;

 private:
  const bool with_colour_;
  const Timestamp now_;
  std::string text_;
};

// --- its parts, from top to bottom ---

void show_gateway(Screen& screen, const Value& status) {
  const std::string file = text_of(status, "configuration");
  const Value* refused = status.find("refused");
  const bool is_refused =
      refused != nullptr && refused->kind() == Kind::string && !refused->as_text().empty();
  std::string line = "sluice " + text_of(status, "version") + "   " + text_of(status, "gateway") +
                     "   up " + screen.age_text(status, "started") + "   ";
  line += is_refused ? "an older configuration runs; all faults: sluice check " + file
                     : file + " in force for " + screen.age_text(status, "configuration_since");
  screen.line(fit_left(line, screen_width));
  if (!is_refused) return;
  const std::string_view faults = refused->as_text();
  screen.line(screen.mark(false) + fit_left("the file on disk is refused: " +
                                                on_one_line(faults.substr(0, faults.find('\n'))),
                                            screen_width - Screen::mark_width));
}

// What the gateway costs the disk.
void show_flash(Screen& screen, const Value& status) {
  const auto per_day = figure_of(status, "written_bytes_per_day").value_or(0);
  if (per_day == 0) return;  // a memory disk, or nothing yet
  std::string line = "disk  " + bytes_text(static_cast<std::uint64_t>(per_day)) + " written a day";
  if (const auto factor = figure_of(status, "write_amplification").value_or(0); factor > 0)
    line += " (" + rate_text(factor, 5) + " times what came in)";
  if (const auto years = figure_of(status, "flash_years"))
    line += *years > 100 ? ", flash > 100 years" : ", flash " + rate_text(*years, 5) + " years";
  if (const auto budget = number_of(status, "flash_budget_bytes_per_day"); budget > 0) {
    line += ", budget " + bytes_text(budget);
    const double interval = figure_of(status, "flash_interval_seconds").value_or(0);
    if (truth_of(status, "flash_over_budget")) {
      line += " EXCEEDED, commits 5 s apart";
    } else if (interval > 0) {
      line += ", commits " + rate_text(interval, 4) + " s apart";
    }
  }
  const std::string encryption = text_of(status, "encryption");
  if (encryption == "on") line += "; encrypted";
  if (encryption == "under way") line += "; being encrypted";
  screen.line(fit_left(line, screen_width));
}

// What was found wrong with the store, and what a person can do.
void show_damage(Screen& screen, const Value& status) {
  const std::string aside = text_of(status, "store_moved_aside");
  if (!aside.empty()) {
    screen.line(screen.mark(false) +
                fit_left("the store was set aside as " + aside + "; " +
                             count_text(number_of(status, "salvaged_records"), 9) +
                             " records are in the new one",
                         screen_width - Screen::mark_width));
  }
  if (const auto quarantined = number_of(status, "quarantined_records")) {
    screen.line(screen.mark(false) +
                fit_left(count_text(quarantined, 9) +
                             " damaged records are in quarantine: sluice buffer verify",
                         screen_width - Screen::mark_width));
  }
}

// What a person must know first: the end of the line is cut when it is too long.
void show_store(Screen& screen, const Value& status) {
  const std::uint64_t used = number_of(status, "store_used_bytes");
  const std::uint64_t max = std::max<std::uint64_t>(1, number_of(status, "store_max_bytes"));
  std::string line = "store " + bytes_text(used) + " of " + bytes_text(max) + " (" +
                     std::to_string(used * 100 / max) + " %)";
  if (truth_of(status, "blocked")) {
    line += ", FULL: devices wait";
  } else if (figure_of(status, "store_full_in_seconds")) {
    line += ", at this rate full in " + seconds_text(status, "store_full_in_seconds");
  }
  if (const auto damaged = number_of(status, "damaged_records"))
    line += ", damaged records " + count_text(damaged, 7);
  if (const auto differences = number_of(status, "replay_differences"))
    line += ", replay differences " + count_text(differences, 7);
  line += "; dead letters " + count_text(number_of(status, "dead_letters"), 9) +
          ", repeats dropped " + count_text(number_of(status, "redelivered"), 9);
  screen.line(fit_left(line, screen_width));
}

void show_sources(Screen& screen, const Value& status) {
  screen.heading(
      "SOURCES",
      " address                    peers    msg/s      messages     last    bad refused");
  for (const Value& source : list_of(status, "sources")) {
    const bool is_running = truth_of(source, "running");
    std::string address = text_of(source, "address");
    if (address.empty()) address = "(" + text_of(source, "type") + ")";
    screen.line(screen.row(is_running, text_of(source, "name")) + fit_left(address, 25) + " " +
                fit_right(count_text(number_of(source, "connections"), 6), 6) + " " +
                fit_right(rate_text(figure_of(source, "messages_per_second").value_or(0), 8), 8) +
                " " + fit_right(count_text(number_of(source, "messages"), 13), 13) + " " +
                fit_right(screen.age_text(source, "last_message"), 8) + " " +
                fit_right(count_text(number_of(source, "undecodable"), 6), 6) + " " +
                fit_right(count_text(number_of(source, "refused"), 7), 7));
    if (!is_running) screen.last_error(source, false);
  }
}

void show_pipelines(Screen& screen, const Value& status) {
  screen.heading("PIPELINES", "            in           out   failed  dropped");
  for (const Value& pipeline : list_of(status, "pipelines")) {
    std::string dropped;
    const Value* reasons = pipeline.find("dropped");
    if (reasons != nullptr && reasons->kind() == Kind::map) {
      for (const MapEntry& entry : reasons->as_map()) {
        dropped += (dropped.empty() ? "" : ", ") +
                   count_text(static_cast<std::uint64_t>(entry.value.as_int()), 9) + " by " +
                   on_one_line(entry.key.as_text());
      }
    }
    const std::uint64_t failed = number_of(pipeline, "failed");
    screen.line(Screen::plain_row(text_of(pipeline, "name")) +
                fit_right(count_text(number_of(pipeline, "in"), 13), 13) + " " +
                fit_right(count_text(number_of(pipeline, "out"), 13), 13) + " " +
                fit_right(count_text(failed, 8), 8) + "  " +
                fit_left(dropped.empty() ? "-" : dropped, 42));
  }
}

void show_sinks(Screen& screen, const Value& status) {
  screen.heading("SINKS",
                 " state         waiting   in store   oldest  full in   delivered rejected ratio");
  for (const Value& sink : list_of(status, "sinks")) {
    const bool is_good = !truth_of(sink, "failing");
    const std::uint64_t waiting = number_of(sink, "backlog_events");
    const std::string_view state = !is_good ? "failing" : waiting > 0 ? "delivering" : "up to date";
    const double ratio = figure_of(sink, "compression").value_or(0);
    screen.line(screen.row(is_good, text_of(sink, "name")) + fit_left(state, 10) + " " +
                fit_right(count_text(waiting, 10), 10) + " " +
                fit_right(bytes_text(number_of(sink, "backlog_bytes")), 10) + " " +
                fit_right(seconds_text(sink, "oldest_waiting_seconds"), 8) + " " +
                fit_right(seconds_text(sink, "full_in_seconds"), 8) + " " +
                fit_right(count_text(number_of(sink, "delivered_events"), 11), 11) + " " +
                fit_right(count_text(number_of(sink, "rejected_events"), 8), 8) + " " +
                fit_right(ratio > 0 ? rate_text(ratio, 5) : "-", 5));
    if (const auto given_up = number_of(sink, "given_up_events")) {
      screen.indented(count_text(given_up, 12) + " events given up (" + text_of(sink, "when_full") +
                          ", max_age): gap events tell upstream",
                      1);
    }
    screen.last_error(sink, is_good);
  }
}

// A command that sends a first event to the source; empty: there is none for it.
std::string first_event(const Value& source) {
  const std::string address = text_of(source, "address");
  const std::size_t host = address.find("://");
  const std::size_t port = address.rfind(':');
  if (host == std::string::npos || port <= host) return {};
  const std::string data = " '{\"temperature\": 21.5}'";
  if (address.starts_with("mqtt://"))
    return "mosquitto_pub -h " + address.substr(host + 3, port - host - 3) + " -p " +
           address.substr(port + 1) + " -q 1 -t hall/climate -m" + data;
  if (address.starts_with("coap://")) return "coap-client -m post " + address + "/hall -e" + data;
  return {};
}

// What a person would do now; nothing while all is well and events come, or where the screen says
// what is wrong.
void show_next_step(Screen& screen, const Value& status) {
  std::string next;
  if (truth_of(status, "red")) return;
  if (number_of(status, "dead_letters") > 0) {
    next = "sluice buffer dead-letters list";
  } else {
    const auto sources = list_of(status, "sources");
    const bool is_silent = std::ranges::all_of(
        sources, [](const Value& source) { return number_of(source, "messages") == 0; });
    for (const Value& source : sources) {
      if (is_silent && next.empty()) next = first_event(source);
    }
    if (!next.empty()) next = "no message has come yet; try\n  " + next;
  }
  if (next.empty()) return;
  screen.line("\nNext: " + next);
}

}  // namespace

Result<std::string> render_status(std::string_view json, bool with_colour) {
  Arena arena;
  const Value status = TRY(parse_json(json, arena));
  if (status.find("gateway") == nullptr)
    return Error{ErrorKind::bad_input, "the gateway's answer is not a status"};
  Screen screen(status, with_colour);
  show_gateway(screen, status);
  show_store(screen, status);
  show_flash(screen, status);
  show_damage(screen, status);
  show_sources(screen, status);
  show_pipelines(screen, status);
  show_sinks(screen, status);
  show_next_step(screen, status);
  return std::move(screen).text();
}

bool json_is_red(std::string_view json) {
  Arena arena;
  const auto status = parse_json(json, arena);
  return !status || truth_of(*status, "red");
}

}  // namespace sluice
