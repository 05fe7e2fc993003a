// sluice-receiver: the upstream of tests and of the demo. Takes batches over HTTP (or at an MQTT
// broker), keeps the receiving ledger, and misbehaves as told.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fstream>

#include "config/command_page.h"
#include "firmware-sim/common/live_line.h"
#include "firmware-sim/upstream/http_server.h"
#include "firmware-sim/upstream/mqtt_upstream.h"
#include "firmware-sim/upstream/receiver.h"
#include "firmware-sim/upstream/socket.h"

namespace {

using namespace sluice;
using namespace sluice::sim;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr std::chrono::milliseconds longest_turn{50};
constexpr std::int64_t refresh_interval_ms = 250;

volatile std::sig_atomic_t is_over = 0;
volatile std::sig_atomic_t wanted_mode = -1;  // a Behaviour::Mode, or -1

extern "C" void on_signal(int signal) {
  if (signal == SIGUSR1) {
    wanted_mode = static_cast<int>(Behaviour::Mode::down);
  } else if (signal == SIGUSR2) {
    wanted_mode = static_cast<int>(Behaviour::Mode::accept);
  } else {
    is_over = 1;
  }
}

struct Options {
  std::string listen = "127.0.0.1:0";
  std::string port_file;
  std::string ledger;
  std::string status_file;
  std::string mqtt_url;
  std::string topic = "sluice/#";
  Behaviour behaviour;
  std::int64_t delay_ms = 0;
  std::int64_t slow_ms = 0;
  std::uint64_t seed = 1;
  bool refuses = false;
  bool cuts = false;
  bool is_quiet = false;
  bool as_json = false;
};

int fail(const Error& error) {
  std::fprintf(stderr, "sluice-receiver: %s\n", error.message.c_str());
  return error.kind == ErrorKind::bad_config ? exit_usage : exit_failed;
}

void describe(CLI::App& app, Options& options) {
  app.add_option("--listen", options.listen, "host:port for batches by HTTP; port 0: a free one")
      ->capture_default_str();
  app.add_option("--port-file", options.port_file, "Writes the real port number there");
  app.add_option("--ledger", options.ledger, "Appends a line for each event that arrives");
  app.add_option("--status-file", options.status_file, "Keeps the live line in this file, too");
  app.add_option("--mqtt", options.mqtt_url, "Takes batches at this broker, too: mqtt://host:port");
  app.add_option("--topic", options.topic, "What to subscribe to there")->capture_default_str();
  app.add_flag("--refuse", options.refuses, "Start with refusing (see --status)");
  app.add_flag("--cut", options.cuts, "Take each batch, but close in the middle of the answer");
  app.add_option("--status", options.behaviour.status, "What a refused batch gets")
      ->check(CLI::Range(300, 599))
      ->capture_default_str();
  app.add_option("--delay", options.delay_ms, "Milliseconds before each answer")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--slow", options.slow_ms, "Milliseconds from an answer's first byte to its last")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--room", options.behaviour.room,
                 "Events that it takes; then it is full and answers 507");
  app.add_option("--fail-rate", options.behaviour.fail_rate, "Share of batches to refuse")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--seed", options.seed, "Which batches --fail-rate hits")->capture_default_str();
  app.add_flag("--quiet", options.is_quiet, "No live line");
  app.add_flag("--json", options.as_json, "The summary as JSON");
  app.footer(
      "While it runs: SIGUSR1 takes it down (nobody listens), SIGUSR2 up again;\n"
      "POST /control {\"mode\":\"accept|refuse|down|cut\",\"for_ms\":N,\"status\":N,\n"
      "\"delay_ms\":N,\"slow_ms\":N,\"fail_rate\":P,\"room\":N|null}; GET /stats.");
}

Result<void> serve(const Options& options) {
  Receiver receiver(options.behaviour, options.seed);
  if (!options.ledger.empty()) TRY(receiver.open_ledger(options.ledger));

  HttpServer server(
      [&](const HttpRequest& request) { return receiver.answer(request, wall_ms()); });
  const Endpoint address = TRY(parse_endpoint(options.listen, ""));
  TRY(server.listen(address));
  std::unique_ptr<MqttUpstream> broker;
  if (!options.mqtt_url.empty()) {
    const Endpoint endpoint = TRY(parse_endpoint(options.mqtt_url, "mqtt"));
    broker = TRY(MqttUpstream::open(endpoint, options.topic));
  }
  std::printf("listening on http://%s\n", server.endpoint().authority().c_str());
  std::fflush(stdout);
  if (!options.port_file.empty())
    std::ofstream(options.port_file) << server.endpoint().port << '\n';

  {
    LiveLine line(!options.is_quiet, options.status_file);
    for (std::int64_t shown_ms = 0; is_over == 0;) {
      server.serve(longest_turn);
      const std::int64_t now_ms = wall_ms();
      for (const MqttBatch& batch : broker ? broker->take() : std::vector<MqttBatch>()) {
        const Result<void> taken =
            receiver.take_batch(batch.body, batch.encoding, batch.id, now_ms);
        if (!taken) std::fprintf(stderr, "sluice-receiver: %s\n", taken.error().message.c_str());
      }
      if (wanted_mode >= 0) {
        receiver.set_mode(static_cast<Behaviour::Mode>(wanted_mode));
        wanted_mode = -1;
      }
      receiver.tick(now_ms);
      // A port that was taken meanwhile is tried again in the next turn.
      const bool is_up = server.set_up(receiver.mode() != Behaviour::Mode::down).is_ok();
      if (now_ms - shown_ms < refresh_interval_ms) continue;
      shown_ms = now_ms;
      const std::string mode(is_up ? name_of(receiver.mode()) : "port taken");
      const bool is_normal = receiver.mode() == Behaviour::Mode::accept && is_up;
      line.update((is_normal ? "" : '[' + mode + "] ") + receiver.statistics().line(now_ms));
    }
  }
  const std::int64_t now_ms = wall_ms();
  const std::string summary =
      options.as_json ? receiver.statistics().json(now_ms) : receiver.statistics().summary() + '\n';
  std::fwrite(summary.data(), 1, summary.size(), stdout);
  return {};
}

int print_free_ports(std::size_t count) {
  const Result<std::vector<std::uint16_t>> ports = find_free_ports(count);
  if (!ports) return fail(ports.error());
  for (const std::uint16_t port : *ports) std::printf("%u\n", unsigned{port});
  return 0;
}

int run_program(int argc, char** argv) {
  CLI::App app{"The upstream of tests and of the demo: takes batches, keeps a ledger.",
               "sluice-receiver"};
  add_package_options(app, SLUICE_VERSION);
  app.require_subcommand(0, 1);
  Options options;
  describe(app, options);
  CLI::App& free_ports =
      *app.add_subcommand("free-ports", "Prints port numbers that are free now on 127.0.0.1");
  std::size_t count = 1;
  free_ports.add_option("N", count, "How many")->check(CLI::Range(1, 100))->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  if (free_ports.parsed()) return print_free_ports(count);

  options.behaviour.delay = std::chrono::milliseconds(options.delay_ms);
  options.behaviour.slow = std::chrono::milliseconds(options.slow_ms);
  if (options.refuses) options.behaviour.mode = Behaviour::Mode::refuse;
  if (options.cuts) options.behaviour.mode = Behaviour::Mode::cut;
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) {
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(signal, &action, nullptr);
  }
  const Result<void> served = serve(options);
  return served ? 0 : fail(served.error());
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (const std::exception& exception) {  // of a library: we throw nothing of our own
    std::fprintf(stderr, "sluice-receiver: %s\n", exception.what());
    return exit_failed;
  }
}
