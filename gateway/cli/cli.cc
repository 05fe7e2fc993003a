#include "gateway/cli/cli.h"

#include <CLI/CLI.hpp>

#include "gateway/cli/commands.h"
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

}  // namespace

int run_cli(int argc, char** argv) {
  CLI::App app(
      "Sluice: takes sensor events in over MQTT and CoAP, filters and windows them on the box,\n"
      "keeps them durably while the link is down, and forwards them in compressed batches.",
      "sluice");
  app.set_version_flag("--version", std::string("sluice ") + version);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 ok, 1 failed, 2 usage, 78 bad configuration.\nStart here: sluice check FILE, "
      "then sluice run --config FILE, then sluice status.");

  std::string file = default_configuration;
  ToolOptions tool;
  tool.configuration_file = default_configuration;

  CLI::App* run = app.add_subcommand("run", "Run the gateway in the foreground");
  run->add_option("--config,-c", file, "Configuration file")->capture_default_str();
  CLI::App* check = app.add_subcommand("check", "Check a configuration and print all errors");
  check->add_option("file", file, "Configuration file")->capture_default_str();
  CLI::App* status = app.add_subcommand(
      "status", "Show how a running gateway is; exit code 1 when a person should look");
  add_tool_options(*status, tool);
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
  CLI::App* reference =
      app.add_subcommand("reference", "Print the reference of all options, in Markdown");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  if (run->parsed()) return run_command(file);
  if (check->parsed()) return check_command(file);
  if (status->parsed()) return status_command(tool);
  if (reload->parsed()) return reload_command(tool);
  if (view->parsed()) return view_command(view_options);
  if (test->parsed()) return test_command(tests);
  if (eval->parsed()) return eval_command(eval_options);
  if (reference->parsed()) return reference_command();
  return exit_usage;
}

}  // namespace sluice
