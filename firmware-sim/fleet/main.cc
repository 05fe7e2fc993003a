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
CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::chrono::duration<double>& value, const std::string& help) {
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
  return command
      .add_option_function<std::string>(
          name,
          [name, read](const std::string& text) {
            if (!read(text)) throw CLI::ValidationError(name, "'" + text + "' is no duration");
          },
          help)
      ->type_name("DURATION");
}

// What the command line says of a run.
struct RunArguments {
  std::string file;
  sim::FlagOptions flags;
  sim::ShowOptions show;
  std::uint64_t seed = 1;
  std::uint32_t boot = 1;
  std::string ledger;
  std::chrono::duration<double> drain{30};
  bool as_json = false;
};

constexpr const char* without_file = "Without a fleet file";
constexpr const char* run_footer = R"(
A fleet file says more: kinds of devices, signals, faults, phases.
  sluice-sim run firmware-sim/examples/plant.toml --mqtt mqtt://127.0.0.1:1883 \
    --coap coap://127.0.0.1:5683 --ledger sent.ndjson
Without one all devices are alike:
  sluice-sim run --mqtt mqtt://127.0.0.1:1883 --devices 200 --rate 400 --seconds 20 --ledger sent.ndjson
Ctrl-C ends the measuring and waits for the last answers; a second one does not wait.)";

void describe_run(CLI::App& command, RunArguments& run) {
  sim::FlagOptions& flags = run.flags;
  command.add_option("FLEET", run.file, "A fleet file")->type_name("FILE");
  command.add_option("--mqtt", flags.mqtt_url, "The gateway's (or a broker's) mqtt://host:port")
      ->type_name("URL");
  command.add_option("--coap", flags.coap_url, "The gateway's coap://host:port")->type_name("URL");
  command.add_option("--ledger", run.ledger, "Writes a line for each event: the account's basis")
      ->type_name("FILE");
  command.add_option("--seed", run.seed, "Gives the same readings and faults again [1]")
      ->type_name("N");
  command
      .add_option("--boot", run.boot,
                  "The devices' boot; another for another run against the same gateway [1]")
      ->type_name("N");
  add_duration(command, "--drain", run.drain, "Wait so long for the last answers [30s]");
  command
      .add_option("--status-file", run.show.status_file, "Keeps the live line in this file, too")
      ->type_name("FILE");
  command.add_flag("--quiet", run.show.is_quiet, "No live line");
  command.add_flag("--json", run.as_json, "The summary as JSON");
  command.footer(run_footer);
}

// What a fleet file says for itself.
void describe_flags(CLI::App& command, sim::FlagOptions& flags) {
  const auto add = [&command](const char* name, auto& value, const char* type, const char* help) {
    command.add_option(name, value, help)->type_name(type)->group(without_file);
  };
  const auto add_time = [&command](const char* name, auto& value, const char* help) {
    add_duration(command, name, value, help)->group(without_file);
  };
  add("--devices", flags.devices, "N",
      "How many [20]; with both protocols every other one speaks CoAP");
  add("--rate", flags.rate, "N", "Events per second of all devices together [100]");
  add_time("--seconds", flags.seconds, "How long to measure [10s]");
  add("--duplicates", flags.duplicates, "SHARE", "Of the events, that are sent twice [0]");
  add("--bad", flags.bad, "SHARE", "Of the events, whose payload is no JSON [0]");
  add("--filtered", flags.filtered, "SHARE",
      "Of the events, from stuck sensors, out of (-40, 85) degrees [0.02]");
  add_time("--clock-skew", flags.clock_skew, "Each device's clock is off by up to this [0s]");
  add_time("--day", flags.day, "Length of a day of the signals [10m]");
}

// The options of a run without a file go with no file.
Result<void> check_no_flags(const CLI::App& command) {
  for (const CLI::Option* const option : command.get_options()) {
    if (option->get_group() == without_file && option->count() > 0) {
      return Error{ErrorKind::bad_config,
                   option->get_name() + " is for a run without a fleet file"};
    }
  }
  return {};
}

// The file's fleet, or that of the options; what both know the command line decides.
Result<sim::FleetSpec> fleet_of(const RunArguments& run, const CLI::App& command) {
  const bool has_file = !run.file.empty();
  if (has_file) TRY(check_no_flags(command));
  sim::FleetSpec fleet =
      has_file ? TRY(sim::load_fleet(run.file, {run.flags.mqtt_url, run.flags.coap_url}))
               : TRY(sim::fleet_of(run.flags));
  if (!has_file || command.count("--seed") > 0) fleet.seed = run.seed;
  if (!has_file || command.count("--boot") > 0) fleet.first_boot = run.boot;
  if (!has_file || command.count("--drain") > 0) {
    fleet.drain = std::chrono::duration_cast<Duration>(run.drain);
  }
  if (!run.ledger.empty()) fleet.ledger = run.ledger;
  return fleet;
}

int run_fleet(const RunArguments& run, const CLI::App& command) {
  const Result<sim::FleetSpec> fleet = fleet_of(run, command);
  if (!fleet) return fail(fleet.error());
  const Result<sim::RunReport> report = sim::run_fleet(*fleet, run.show);
  if (!report) return fail(report.error());
  print(run.as_json ? to_json(*report) : to_text(*report));
  if (report->counts.sent > 0) return 0;
  std::fprintf(stderr, "sluice-sim: nothing was sent: the gateway was never there\n");
  return exit_failed;
}

struct VerifyArguments {
  std::string sent;
  std::string received;
  std::chrono::duration<double> late{0};
  bool as_json = false;
};

void describe_verify(CLI::App& command, VerifyArguments& verify) {
  command.add_option("LEDGER", verify.sent, "Written by sluice-sim run --ledger")
      ->type_name("FILE")
      ->required();
  command.add_option("RECEIVED", verify.received, "Written by sluice-receiver --ledger")
      ->type_name("FILE")
      ->required();
  add_duration(command, "--late", verify.late,
               "Counts what arrives more than this after it was first sent [0: nothing]");
  command.add_flag("--json", verify.as_json, "The account as JSON");
  command.footer(
      "Exit code 1 when an event is lost, duplicated, wrongly delivered or unknown.\n"
      "Repeats with the same (source, id) are dropped first, as any receiver must do; order and\n"
      "lateness are told, and allowed.");
}

int verify(const VerifyArguments& arguments) {
  const Result<sim::Account> account =
      sim::account_for(arguments.sent, arguments.received,
                       std::chrono::duration_cast<std::chrono::milliseconds>(arguments.late));
  if (!account) return fail(account.error());
  print(arguments.as_json ? to_json(*account) : to_text(*account));
  return account->balances() ? 0 : exit_failed;
}

int run_program(int argc, char** argv) {
  CLI::App app{"Virtual sensors for a Sluice gateway, and the account of their events.",
               "sluice-sim"};
  add_package_options(app, SLUICE_VERSION);
  app.require_subcommand(1);
  CLI::App& run_command = *app.add_subcommand("run", "Lets a fleet of devices send");
  RunArguments run;
  describe_run(run_command, run);
  describe_flags(run_command, run.flags);
  CLI::App& verify_command =
      *app.add_subcommand("verify", "Holds what was sent against what arrived upstream");
  VerifyArguments verify_arguments;
  describe_verify(verify_command, verify_arguments);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  return run_command.parsed() ? run_fleet(run, run_command) : verify(verify_arguments);
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
