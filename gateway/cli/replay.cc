// sluice replay: the journal through another configuration, offline.
#include "gateway/replay/replay.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "config/document.h"
#include "core/log.h"
#include "core/progress.h"
#include "drivers/codecs/cloudevents.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/moment.h"
#include "gateway/cli/print.h"
#include "gateway/open_store.h"
#include "gateway/replay/replay_screen.h"
#include "gateway/screen_text.h"

namespace sluice {
namespace {

constexpr std::size_t output_bytes = 256 * 1024;  // written at once

// "--since: ..." before what is wrong.
Result<std::optional<Timestamp>> read_time(const char* option, const std::string& text) {
  if (text.empty()) return std::optional<Timestamp>();
  auto moment = read_moment(text);
  if (moment) return std::optional(*moment);
  return Error{ErrorKind::bad_input, std::string(option) + ": " + moment.error().message};
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
int report_trouble(const Error& error) {
  print(stderr, "sluice: " + error.message + "\n");
  return error.kind == ErrorKind::bad_config ? exit_bad_configuration : exit_usage;
}

int compare(Store& store, Configuration after, const ReplayRequest& request, Progress& line,
            const ReplayCommandOptions& options) {
  const auto report = replay_and_compare(store, std::move(after), request);
  line.clear();
  if (!report) return report_trouble(report.error());
  print(stdout, options.is_json ? replay_json(*report, options.limit)
                                : render_replay(*report, options.limit));
  return report->is_equal() ? exit_ok : exit_failed;
}

int print_outputs(Store& store, Configuration after, const ReplayRequest& request, Progress& line) {
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
  return walk ? exit_ok : report_trouble(walk.error());
}

}  // namespace

int replay_command(const ReplayCommandOptions& options) {
  set_log_level(LogLevel::error);
  const auto range = read_range(options);
  if (!range) return report_trouble(range.error());
  auto after = read_after(options.configuration_file);
  if (!after) return exit_bad_configuration;
  if (!options.store.empty()) after->storage.path = options.store;
  const auto opened = open_store_read_only(after->storage);
  if (!opened) return report_trouble(opened.error());
  Progress line("replay");
  const auto began = std::chrono::steady_clock::now();
  const ReplayRequest request{
      *range, options.pipeline, [&](const WalkProgress& progress) {
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - began;
        const double total = static_cast<double>(std::max<std::uint64_t>(1, progress.blocks_total));
        line.show(static_cast<double>(progress.blocks_done) / total,
                  rate_text(static_cast<double>(progress.events) / std::max(1e-3, spent.count())) +
                      " events/s");
      }};
  return options.is_diff ? compare(opened->get(), std::move(*after), request, line, options)
                         : print_outputs(opened->get(), std::move(*after), request, line);
}

}  // namespace sluice
