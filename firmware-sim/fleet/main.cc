// sluice-sim: virtual devices for a gateway, and the account of what became of their events.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "config/command_page.h"
#include "core/clock.h"
#include "firmware-sim/fleet/account.h"
#include "firmware-sim/fleet/run.h"

namespace {

using namespace sluice;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int fail(const Error& error) {
  std::fprintf(stderr, "sluice-sim: %s\n", error.message.c_str());
  return error.kind == ErrorKind::bad_config ? exit_usage : exit_failed;
}

// Adds an option whose value is a duration: "2s", "250ms", or plain seconds.
void add_duration(CLI::App& command, const std::string& name, std::chrono::duration<double>& value,
                  const std::string& help) {
  const auto read = [&value](const std::string& text) {
    double seconds = 0;
    if (CLI::detail::lexical_cast(text, seconds) && seconds >= 0) {
      value = std::chrono::duration<double>(seconds);
      return true;
    }
    const Result<Duration> duration = parse_duration(text);
    if (duration) value = *duration;
    return duration.is_ok();
  };
  command
      .add_option_function<std::string>(
          name,
          [name, read](const std::string& text) {
            if (!read(text)) throw CLI::ValidationError(name, "'" + text + "' is no duration");
          },
          help)
      ->type_name("DURATION");
}

void describe_run(CLI::App& command, sim::RunOptions& options) {
  const CLI::Range share(0.0, 1.0);
  command.add_option("--mqtt", options.mqtt_url, "The gateway's (or a broker's) mqtt://host:port");
  command.add_option("--coap", options.coap_url, "The gateway's coap://host:port");
  command
      .add_option("--devices", options.devices,
                  "How many; with both protocols every other one speaks CoAP; up to 500 each")
      ->capture_default_str();
  command.add_option("--rate", options.rate, "Events per second of all devices together")
      ->capture_default_str();
  add_duration(command, "--seconds", options.seconds, "How long to measure [10]");
  command.add_option("--seed", options.seed, "Gives the same values in the same order again")
      ->capture_default_str();
  command.add_option("--ledger", options.ledger,
                     "Writes a line for each event: the account's basis");
  command.add_option("--qos", options.qos, "MQTT quality of service: 0, 1 or 2")
      ->check(CLI::Range(0, 2))
      ->capture_default_str();
  command.add_option("--duplicates", options.duplicates, "Share of events that are sent twice")
      ->check(share);
  command.add_option("--bad", options.bad, "Share of events whose payload is no JSON")
      ->check(share);
  command
      .add_option("--filtered", options.filtered,
                  "Share of events from stuck sensors, out of (-40, 85) degrees")
      ->check(share)
      ->capture_default_str();
  add_duration(command, "--clock-skew", options.clock_skew, "Each device's clock is off by up to");
  add_duration(command, "--drain", options.drain, "Wait so long for the last answers [30]");
  add_duration(command, "--day", options.day, "Length of a day of the signals [600]");
  command.add_option("--status-file", options.status_file, "Keeps the live line in this file, too");
  command.add_flag("--quiet", options.is_quiet, "No live line");
}

int run(const sim::RunOptions& options, bool as_json) {
  const Result<sim::RunReport> report = sim::run_fleet(options);
  if (!report) return fail(report.error());
  print(as_json ? to_json(*report) : to_text(*report));
  if (report->counts.sent > 0) return 0;
  std::fprintf(stderr, "sluice-sim: nothing was sent: the gateway was never there\n");
  return exit_failed;
}

int verify(const std::string& sent, const std::string& received, bool as_json) {
  const Result<sim::Account> account = sim::account_for(sent, received);
  if (!account) return fail(account.error());
  print(as_json ? to_json(*account) : to_text(*account));
  return account->balances() ? 0 : exit_failed;
}

int run_program(int argc, char** argv) {
  CLI::App app{"Virtual sensors for a Sluice gateway, and the account of their events.",
               "sluice-sim"};
  add_package_options(app, SLUICE_VERSION);
  app.require_subcommand(1);
  bool as_json = false;

  CLI::App& run_command = *app.add_subcommand("run", "Lets a fleet of devices send");
  sim::RunOptions options;
  describe_run(run_command, options);
  run_command.add_flag("--json", as_json, "The summary as JSON");

  CLI::App& verify_command =
      *app.add_subcommand("verify", "Holds what was sent against what arrived upstream");
  std::string sent;
  std::string received;
  verify_command.add_option("LEDGER", sent, "Written by sluice-sim run --ledger")->required();
  verify_command.add_option("RECEIVED", received, "Written by sluice-receiver --ledger")
      ->required();
  verify_command.add_flag("--json", as_json, "The account as JSON");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  return run_command.parsed() ? run(options, as_json) : verify(sent, received, as_json);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (const std::exception& exception) {  // of a library: we throw nothing of our own
    std::fprintf(stderr, "sluice-sim: %s\n", exception.what());
    return exit_failed;
  }
}
