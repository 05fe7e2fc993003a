// sluice replay: the journal through another configuration, offline.
#include "gateway/replay/replay.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "config/document.h"
#include "core/log.h"
#include "drivers/codecs/cloudevents.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/print.h"
#include "gateway/open_store.h"
#include "gateway/replay/replay_screen.h"

namespace sluice {
namespace {

constexpr std::size_t output_bytes = 256 * 1024;  // written at once

// A line on the terminal that is written over again and again; elsewhere nothing.
class ProgressLine {
 public:
  ~ProgressLine() { clear(); }

  void show(const WalkProgress& progress) {
    if (!is_terminal_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - shown_at_ < std::chrono::milliseconds(100)) return;
    shown_at_ = now;
    is_shown_ = true;
    const double seconds = std::chrono::duration<double>(now - began_).count();
    print(stderr, "\r" + render_progress(progress, seconds) + "\x1b[K");
  }
  void clear() {
    if (is_shown_) print(stderr, "\r\x1b[K");
    is_shown_ = false;
  }

 private:
  const bool is_terminal_ = isatty(STDERR_FILENO) == 1;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_at_{};
  bool is_shown_ = false;
};

// "24h" before now, or RFC 3339.
Result<std::optional<Timestamp>> read_time(const char* option, const std::string& text) {
  if (text.empty()) return std::optional<Timestamp>();
  if (const auto duration = parse_duration(text))
    return std::optional(SystemClock().wall() - *duration);
  if (const auto time = parse_timestamp(text)) return std::optional(*time);
  return Error{ErrorKind::bad_input, std::string(option) + ": '" + text +
                                         "' is neither a duration (24h) nor a time "
                                         "(2026-11-23T08:00:00Z)"};
}

Result<ReplayRange> read_range(const ReplayCommandOptions& options) {
  ReplayRange range;
  range.since = TRY(read_time("--since", options.since));
  range.until = TRY(read_time("--until", options.until));
  if (range.since && range.until && *range.since >= *range.until)
    return Error{ErrorKind::bad_input, "--until is not after --since"};
  return range;
}

// Nothing: its faults are printed.
std::optional<Configuration> read_after(const std::string& file) {
  auto document = Document::load(file);
  if (!document) {
    print(stderr, document.error().message + "\n");
    return std::nullopt;
  }
  auto configuration = read_configuration(*document);
  if (!configuration) print(stderr, document->diagnostics().all_with_source());
  return configuration;
}

// Exit code 1 says that the outputs differ, as that of diff does: trouble has another.
int fail(const Error& error) {
  print(stderr, "sluice: " + error.message + "\n");
  return error.kind == ErrorKind::bad_config ? exit_bad_configuration : exit_usage;
}

int compare(Store& store, Configuration after, const ReplayRequest& request, ProgressLine& line,
            const ReplayCommandOptions& options) {
  const auto report = replay_and_compare(store, std::move(after), request);
  line.clear();
  if (!report) return fail(report.error());
  print(stdout, options.is_json ? replay_json(*report, options.limit)
                                : render_replay(*report, options.limit));
  return report->is_equal() ? exit_ok : exit_failed;
}

int print_outputs(Store& store, Configuration after, const ReplayRequest& request,
                  ProgressLine& line) {
  std::string lines;
  const auto write = [&] {
    line.clear();
    print(stdout, lines);
    lines.clear();
  };
  const auto walk =
      replay_outputs(store, std::move(after), request, [&](const ReplaySide::Output& output) {
        append_cloudevent(lines, output.event);
        lines += '\n';
        if (lines.size() >= output_bytes) write();
      });
  write();
  return walk ? exit_ok : fail(walk.error());
}

}  // namespace

int replay_command(const ReplayCommandOptions& options) {
  set_log_level(LogLevel::error);
  const auto range = read_range(options);
  if (!range) return fail(range.error());
  auto after = read_after(options.configuration_file);
  if (!after) return exit_bad_configuration;
  if (!options.store.empty()) after->storage.path = options.store;
  const auto opened = open_store_read_only(after->storage);
  if (!opened) return fail(opened.error());
  ProgressLine line;
  const ReplayRequest request{*range, options.pipeline,
                              [&](const WalkProgress& progress) { line.show(progress); }};
  return options.is_diff ? compare(opened->get(), std::move(*after), request, line, options)
                         : print_outputs(opened->get(), std::move(*after), request, line);
}

}  // namespace sluice
