// The sub-commands of `sluice`. Each gives the process's exit code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

struct TestOptions;

// Exit codes everywhere.
enum ExitCode : int { exit_ok = 0, exit_failed = 1, exit_usage = 2, exit_bad_configuration = 78 };

inline constexpr const char* default_configuration = "/etc/sluice/sluice.toml";

// The daemon: runs until SIGTERM or SIGINT; SIGHUP checks the file and switches to it.
int run_command(const std::string& configuration_file);

// Checks a file and prints all that is wrong with it.
int check_command(const std::string& configuration_file);

struct ToolOptions {
  std::string socket;              // empty: from the configuration file, else the default
  std::string configuration_file;  // may be missing
  bool is_json = false;
};
int status_command(const ToolOptions& options);
int reload_command(const ToolOptions& options);

struct HealthcheckOptions {
  ToolOptions tool;
  std::string wait = "0s";  // how long it may take to become healthy
};
// Whether a running gateway is fit for service (gateway/health.h). Exit codes: 0 it is, 1 it is
// not.
int healthcheck_command(const HealthcheckOptions& options);

struct InitOptions {
  std::string file;     // to write
  std::string name;     // of the box; empty: ask, or the host's
  std::string devices;  // "mqtt", "coap", "both"; empty: ask
  std::string listen = "127.0.0.1";
  std::string upstream;  // URL, or a folder; empty: ask
  bool is_forced = false;
};
// Writes a first configuration, from flags or from answers on a terminal.
int init_command(const InitOptions& options);

struct ViewCommandOptions {
  ToolOptions tool;
  std::string view;  // empty: all that there are
  std::string key;   // empty: all rows
  bool is_watched = false;
};
// Shows the rows of a view of a running gateway; watched, again and again until it is interrupted.
int view_command(const ViewCommandOptions& options);

struct BufferOptions {
  ToolOptions tool;
  std::string store;  // directory; empty: as configured
  std::string sink;   // empty: all, or the journal
  bool is_journal = false;
  std::string since;  // "24h", or a time
  std::string until;
  std::string filter;       // CEL
  std::uint64_t limit = 0;  // 0: all
  bool is_followed = false;
  std::string output;  // file; "-": stdout
  double rate = 0;     // events a second; 0: as fast as it goes
  bool is_dry_run = false;
  std::string from;  // a store file that was set aside
  bool drops_quarantine = false;
  std::string letters;  // "all", or numbers
};
// `sluice buffer ...`: looks at the store, beside a running gateway or without one.
int buffer_stat_command(const BufferOptions& options);
int buffer_peek_command(const BufferOptions& options);
int buffer_export_command(const BufferOptions& options);
int buffer_verify_command(const BufferOptions& options);
int letters_list_command(const BufferOptions& options);
int letters_show_command(const BufferOptions& options);
// These change it: a running gateway does so itself.
int buffer_compact_command(const BufferOptions& options);
int buffer_repair_command(const BufferOptions& options);
int buffer_replay_command(const BufferOptions& options);
int letters_change_command(const BufferOptions& options, bool is_retry);

// Runs the test cases of files and folders. Exit codes beside the usual ones: 1 a case failed, 78 a
// test file or a configuration is bad.
int test_command(const TestOptions& options);

struct EvalOptions {
  std::string expression;
  std::string event;  // a file of JSON lines, "-" for stdin, or empty: no event
  std::string topic;  // that the events came by
  bool is_explained = false;
};
// Evaluates an expression on events and prints the values as JSON lines.
int eval_command(const EvalOptions& options);

struct ReplayCommandOptions {
  std::string configuration_file;  // the new configuration; it names the store, too
  std::string since;               // "24h" before now or RFC 3339; empty: from the oldest block
  std::string until;               // the same; empty: to the newest
  std::string store;               // empty: as configured
  std::string pipeline;            // empty: all
  std::size_t limit = 10;          // keys shown of a pipeline, or their examples in JSON; 0: all
  bool is_diff = false;
  bool is_json = false;
};
// Runs recorded journal blocks through another configuration. Exit codes: 0, and with a diff 1 when
// the outputs differ; 2 nothing is recorded in the range, or the store cannot be read; 78.
int replay_command(const ReplayCommandOptions& options);

// Prints config/reference.md.
int reference_command();
// The manual page sluice.toml(5).
std::string configuration_page();

// Becomes sluice-update (packaging/ota), which asks for an update of a box that was made from an
// image. Comes back only when that is not installed.
int update_command(std::vector<std::string> arguments);

}  // namespace sluice
