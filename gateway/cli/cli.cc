#include "gateway/cli/cli.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <utility>
#include <vector>

#include "config/command_page.h"
#include "config/completion.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/print.h"
#include "gateway/testing/run_tests.h"
#include "gateway/version.h"

namespace sluice {
namespace {

void add_tool_options(CLI::App& command, ToolOptions& options) {
  command.add_option("--socket", options.socket,
                     "Admin socket of the gateway (default: as configured)");
  command.add_option("--config", options.configuration_file, "Configuration that names the socket")
      ->capture_default_str();
  command.add_flag("--json", options.is_json, "Print the gateway's answer as JSON");
}

using BufferCommands = std::vector<std::pair<CLI::App*, std::function<int(const BufferOptions&)>>>;

void add_selection(CLI::App& command, BufferOptions& options) {
  command.add_option("--sink", options.sink, "What waits for this sink");
  command.add_flag("--journal", options.is_journal,
                   "What the journal keeps ([storage.journal] retain)");
  command.add_option("--since", options.since, "Received since: 24h, or 2026-11-23T08:00:00Z");
  command.add_option("--until", options.until, "Received before: 1h, or a time");
  command.add_option("--filter", options.filter, "CEL: 'data.temperature > 80.0'");
  command.add_option("--limit,-n", options.limit, "At most so many events");
}

BufferCommands add_buffer_commands(CLI::App& buffer, BufferOptions& options) {
  BufferCommands commands;
  buffer.require_subcommand(1);
  const auto add = [&](CLI::App& parent, const char* name, const char* help,
                       std::function<int(const BufferOptions&)> run) -> CLI::App& {
    CLI::App* command = parent.add_subcommand(name, help);
    add_tool_options(*command, options.tool);
    command->add_option("--store", options.store,
                        "Directory of the store (default: as configured)");
    commands.emplace_back(command, std::move(run));
    return *command;
  };
  add(buffer, "stat", "How much waits for each sink, how old it is, when the store is full",
      buffer_stat_command);
  CLI::App& peek = add(buffer, "peek", "Show events, oldest first, as lines of CloudEvents",
                       buffer_peek_command);
  add_selection(peek, options);
  peek.alias("query");
  peek.add_flag("--follow,-f", options.is_followed, "Go on with what comes");
  CLI::App& export_ = add(buffer, "export", "Write events to FILE.ndjson or FILE.ndjson.zst",
                          buffer_export_command);
  add_selection(export_, options);
  export_.add_option("file", options.output, "File, or - for stdout")->required();
  add(buffer, "verify", "Check the file's structure and every checksum; exit code 1: damaged",
      buffer_verify_command);
  CLI::App& repair = add(buffer, "repair",
                         "Salvage a damaged store, quarantine damaged records (no gateway may run)",
                         buffer_repair_command);
  repair.add_option("--from", options.from,
                    "A file that was set aside: what is missing is taken out of it");
  repair.add_flag("--drop-quarantine", options.drops_quarantine,
                  "Erase the damaged records that were kept");
  add(buffer, "compact", "Give the disk back what a long backlog took", buffer_compact_command);
  CLI::App& replay =
      add(buffer, "replay", "Send events of the journal to a sink again", buffer_replay_command);
  add_selection(replay, options);
  replay.add_option("--rate", options.rate, "Events a second (default: as fast as it goes)");
  replay.add_flag("--dry-run", options.is_dry_run, "Only count them");
  CLI::App* letters =
      buffer.add_subcommand("dead-letters", "Events that could not be used, with the reason");
  letters->require_subcommand(1);
  add(*letters, "list", "List them", letters_list_command)
      .add_option("--limit,-n", options.limit, "At most so many");
  add(*letters, "show", "Show them whole", letters_show_command)
      .add_option("numbers", options.letters, "12,15-20 or all")
      ->required();
  add(*letters, "retry", "Send them to their sink, or through the pipelines, again",
      [](const BufferOptions& o) { return letters_change_command(o, true); })
      .add_option("numbers", options.letters, "12,15-20 or all")
      ->required();
  add(*letters, "drop", "Take them away",
      [](const BufferOptions& o) { return letters_change_command(o, false); })
      .add_option("numbers", options.letters, "12,15-20 or all")
      ->required();
  return commands;
}

int run_buffer(const BufferCommands& commands, const BufferOptions& options) {
  for (const auto& [command, run] : commands) {
    if (command->parsed()) return run(options);
  }
  return exit_usage;
}

void add_init_options(CLI::App& command, InitOptions& options) {
  command.add_option("file", options.file, "Configuration file to write")->capture_default_str();
  command.add_option("--name", options.name, "Name of the box (default: the host's)");
  command.add_option("--devices", options.devices, "How devices send: mqtt, coap or both")
      ->check(CLI::IsMember({"mqtt", "coap", "both"}));
  command
      .add_option("--listen", options.listen,
                  "Address that devices send to; 0.0.0.0 is everyone who can reach the box")
      ->capture_default_str();
  command.add_option("--upstream", options.upstream,
                     "Where events go: https://..., mqtt://..., or a folder for files");
  command.add_flag("--force", options.is_forced, "Replace a file that is there");
}

void add_replay_options(CLI::App& command, ReplayCommandOptions& options) {
  command.add_option("--config,-c", options.configuration_file, "The new configuration")
      ->required();
  command.add_option("--since", options.since,
                     "Begin so long ago (24h) or at a time (default: what there is)");
  command.add_option("--until", options.until, "End so long ago or at a time (default: now)");
  command.add_option("--store", options.store, "Folder of the store (default: as configured)");
  CLI::Option* diff =
      command.add_flag("--diff", options.is_diff,
                       "Show how the outputs differ from what was sent; exit code 1 when they do");
  command.add_option("--pipeline", options.pipeline, "Only the outputs of this pipeline");
  command
      .add_option("--limit", options.limit,
                  "Keys to show of a pipeline, with an example each; 0: all")
      ->capture_default_str()
      ->needs(diff);
  command.add_flag("--json", options.is_json, "Print the difference as JSON")->needs(diff);
}

}  // namespace

int run_cli(int argc, char** argv) {
  CLI::App app(
      "Sluice: takes sensor events in over MQTT and CoAP, filters and windows them on the box,\n"
      "keeps them durably while the link is down, and forwards them in compressed batches.",
      "sluice");
  app.set_version_flag("--version", std::string("sluice ") + version);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration.\nStart here: sluice init FILE, "
      "then sluice run --config FILE, then sluice status.");

  std::string file = default_configuration;
  ToolOptions tool;
  tool.configuration_file = default_configuration;

  CLI::App* run = app.add_subcommand("run", "Run the gateway in the foreground");
  run->add_option("--config,-c", file, "Configuration file")->capture_default_str();
  InitOptions init_options;
  init_options.file = default_configuration;
  CLI::App* init = app.add_subcommand(
      "init", "Write a first configuration, from three questions or from options");
  add_init_options(*init, init_options);
  CLI::App* check = app.add_subcommand("check", "Check a configuration and print all errors");
  check->add_option("file", file, "Configuration file")->capture_default_str();
  CLI::App* status = app.add_subcommand(
      "status", "Show how a running gateway is; exit code 1 when a person should look");
  add_tool_options(*status, tool);
  HealthcheckOptions health_options;
  health_options.tool.configuration_file = default_configuration;
  CLI::App* healthcheck = app.add_subcommand(
      "healthcheck",
      "Try whether a running gateway is fit for service; exit code 1 when it is not");
  healthcheck->add_option("--wait", health_options.wait, "How long it may take to become so: 30s")
      ->capture_default_str();
  add_tool_options(*healthcheck, health_options.tool);
  CLI::App* reload =
      app.add_subcommand("reload", "Let a running gateway check its file and switch to it");
  add_tool_options(*reload, tool);
  ViewCommandOptions view_options;
  view_options.tool.configuration_file = default_configuration;
  CLI::App* view = app.add_subcommand("view", "Show the rows of a view of a running gateway");
  view->add_option("name", view_options.view, "View (default: lists the views there are)");
  view->add_option("key", view_options.key, "Only the row of this key");
  view->add_flag("--watch,-w", view_options.is_watched, "Show it again every two seconds");
  add_tool_options(*view, view_options.tool);
  BufferOptions buffer_options;
  buffer_options.tool.configuration_file = default_configuration;
  CLI::App* buffer = app.add_subcommand(
      "buffer", "Look at the store, search it, check it, send again; live or without a gateway");
  const BufferCommands buffer_commands = add_buffer_commands(*buffer, buffer_options);
  TestOptions tests;
  CLI::App* test = app.add_subcommand("test", "Run unit tests of pipelines");
  test->add_option("path", tests.paths, "Test files, or folders with *_test.toml files")
      ->required();
  test->add_option("--filter", tests.filter, "Only cases with this in their name");
  test->add_flag("--json", tests.is_json, "Print the result as JSON");
  EvalOptions eval_options;
  CLI::App* eval =
      app.add_subcommand("eval", "Evaluate an expression, on events if there are some");
  eval->add_option("expression", eval_options.expression, "CEL, for example 'data.t > 22.0'")
      ->required();
  eval->add_option("--event,-e", eval_options.event,
                   "File of events, '-' for stdin: a line each, CloudEvents or any JSON (`data`)");
  eval->add_option("--topic", eval_options.topic, "Topic that the events came by");
  eval->add_flag("--explain", eval_options.is_explained, "Print the types and the compiled form");
  ReplayCommandOptions replay_options;
  CLI::App* replay = app.add_subcommand(
      "replay", "Run what the journal has recorded through another configuration, offline");
  add_replay_options(*replay, replay_options);
  CLI::App* update = app.add_subcommand(
      "update",
      "Update a box that runs from an image: FILE.raucb or its URL; see sluice-update(8)");
  update->prefix_command();
  std::string format = "markdown";
  std::string page = "sluice.toml";
  CLI::App* reference =
      app.add_subcommand("reference", "Print the reference of all options, or a manual page");
  reference->add_option("page", page, "With --format man: sluice.toml, sluice, sluice-buffer ...");
  reference->add_option("--format", format, "markdown, or man (roff)")
      ->check(CLI::IsMember({"markdown", "man"}))
      ->capture_default_str();
  std::string shell;
  CLI::App* completion =
      app.add_subcommand("completion", "Print a script that completes these commands in a shell");
  completion->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  if (run->parsed()) return run_command(file);
  if (init->parsed()) return init_command(init_options);
  if (check->parsed()) return check_command(file);
  if (status->parsed()) return status_command(tool);
  if (healthcheck->parsed()) return healthcheck_command(health_options);
  if (reload->parsed()) return reload_command(tool);
  if (view->parsed()) return view_command(view_options);
  if (buffer->parsed()) return run_buffer(buffer_commands, buffer_options);
  if (test->parsed()) return test_command(tests);
  if (eval->parsed()) return eval_command(eval_options);
  if (replay->parsed()) return replay_command(replay_options);
  if (update->parsed()) return update_command(update->remaining());
  if (reference->parsed()) {
    if (format == "markdown") return reference_command();
    const std::string text =
        page == "sluice.toml" ? configuration_page() : find_command_page(app, page, version);
    print(stdout, text);
    return text.empty() ? exit_usage : exit_ok;
  }
  if (completion->parsed()) {
    print(stdout, completion_script(app, shell));
    return exit_ok;
  }
  return exit_usage;
}

}  // namespace sluice
