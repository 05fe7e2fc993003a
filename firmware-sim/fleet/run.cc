#include "firmware-sim/fleet/run.h"

#include <sys/resource.h>

#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include "firmware-sim/common/draw.h"
#include "firmware-sim/common/endpoint.h"
#include "firmware-sim/common/json_line.h"
#include "firmware-sim/common/live_line.h"
#include "firmware-sim/fleet/coap_fleet.h"
#include "firmware-sim/fleet/mqtt_fleet.h"

namespace sluice::sim {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr std::size_t events_per_ring = 65'536;  // events of one device
constexpr milliseconds refresh_interval{250};

std::atomic<RunClock*> interrupted_clock{nullptr};

extern "C" void on_interrupt(int /*signal*/) {
  if (RunClock* const clock = interrupted_clock.load()) clock->stop();
}

// While it lives, SIGINT and SIGTERM stop the clock.
class InterruptScope {
 public:
  explicit InterruptScope(RunClock& clock) {
    interrupted_clock = &clock;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, &old_int_);
    sigaction(SIGTERM, &action, &old_term_);
  }
  ~InterruptScope() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
    interrupted_clock = nullptr;
  }
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

// Each device is a descriptor, and the soft limit is often 1024.
Result<void> allow_descriptors(std::uint64_t wanted) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return {};
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  if (limit.rlim_cur < wanted || setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return Error{ErrorKind::bad_config, "so many devices need " + std::to_string(wanted) +
                                            " descriptors, the limit is " +
                                            std::to_string(limit.rlim_max) + " (ulimit -n)"};
  }
  return {};
}

// The devices of one protocol with their schedule.
struct Squad {
  std::vector<Device> devices;
  std::vector<std::uint32_t> indexes;
};

Schedule schedule_of(const RunOptions& options, const Squad& squad) {
  const std::chrono::duration<double> interval(options.devices / options.rate);
  return {options.seed, squad.indexes, duration_cast<Schedule::Offset>(interval),
          duration_cast<Schedule::Offset>(options.seconds)};
}

Device make_device(const RunOptions& options, std::uint32_t index) {
  SignalOptions signal;
  signal.seed = options.seed;
  signal.stuck = options.filtered;
  signal.bad = options.bad;
  signal.day = options.day;
  signal.interval = std::chrono::duration<double>(options.devices / options.rate);
  const auto skew = options.clock_skew * (2.0 * draw(options.seed, "skew", index) - 1.0);
  return {index, signal, duration_cast<milliseconds>(skew).count(), events_per_ring};
}

Result<void> check(const RunOptions& options) {
  const auto refuse = [](const std::string& why) { return Error{ErrorKind::bad_config, why}; };
  if (options.mqtt_url.empty() && options.coap_url.empty()) {
    return refuse("say where the gateway is: --mqtt mqtt://host:port, --coap coap://host:port");
  }
  if (options.devices == 0) return refuse("--devices must be at least 1");
  if (!(options.rate > 0)) return refuse("--rate must be above 0");
  if (options.qos < 0 || options.qos > 2) return refuse("--qos is 0, 1 or 2");
  return {};
}

std::string live_text(const Counts& counts, const Latencies& latencies,
                      double acknowledged_per_second) {
  return fixed(acknowledged_per_second, 0) + " events/s | acknowledged " +
         grouped(counts.acknowledged) + " of " + grouped(counts.measured) + " | p50 " +
         fixed(latencies.percentile(0.5), 0) + " ms, p99 " + fixed(latencies.percentile(0.99), 0) +
         " ms";
}

// Shows the tally until `is_over`.
void watch(const RunOptions& options, const Tally& tally, const std::atomic<int>& running) {
  LiveLine line(!options.is_quiet, options.status_file);
  std::uint64_t last = 0;
  double rate = 0;
  for (std::uint64_t tick = 0; running.load() > 0; ++tick) {
    std::this_thread::sleep_for(refresh_interval);
    const Counts counts = tally.counts();
    const auto gained = static_cast<double>(counts.acknowledged - last);
    const double now = gained / std::chrono::duration<double>(refresh_interval).count();
    rate = tick == 0 ? now : 0.7 * rate + 0.3 * now;
    last = counts.acknowledged;
    line.update(live_text(counts, tally.latencies(), rate));
  }
}

}  // namespace

Result<RunReport> run_fleet(const RunOptions& options) {
  TRY(check(options));
  std::optional<Endpoint> mqtt;
  std::optional<Endpoint> coap;
  if (!options.mqtt_url.empty()) mqtt = TRY(parse_endpoint(options.mqtt_url, "mqtt"));
  if (!options.coap_url.empty()) coap = TRY(parse_endpoint(options.coap_url, "coap"));

  // Every other device speaks CoAP when both are wanted.
  Squad mqtt_squad;
  Squad coap_squad;
  for (std::uint32_t index = 0; index < options.devices; ++index) {
    Squad& squad = !coap || (mqtt && index % 2 == 0) ? mqtt_squad : coap_squad;
    squad.devices.push_back(make_device(options, index));
    squad.indexes.push_back(index);
  }
  if (mqtt_squad.devices.size() > MqttFleet::max_devices ||
      coap_squad.devices.size() > CoapFleet::max_devices) {
    return Error{ErrorKind::bad_config, "at most " + std::to_string(MqttFleet::max_devices) +
                                            " devices over MQTT and " +
                                            std::to_string(CoapFleet::max_devices) + " over CoAP"};
  }
  TRY(allow_descriptors(options.devices + 64));

  Tally tally;
  if (!options.ledger.empty()) TRY(tally.open(options.ledger));
  RunClock clock(wall_ms(), duration_cast<RunClock::Offset>(options.drain));
  const InterruptScope interrupts(clock);

  std::unique_ptr<CoapFleet> coap_fleet;
  if (!coap_squad.devices.empty()) {
    const Schedule schedule = schedule_of(options, coap_squad);
    coap_fleet = TRY(CoapFleet::open({*coap, options.seed, options.duplicates},
                                     std::move(coap_squad.devices), schedule, clock, tally));
  }
  std::unique_ptr<MqttFleet> mqtt_fleet;
  if (!mqtt_squad.devices.empty()) {
    const Schedule schedule = schedule_of(options, mqtt_squad);
    mqtt_fleet = std::make_unique<MqttFleet>(
        MqttFleetOptions{*mqtt, options.seed, options.qos, options.duplicates},
        std::move(mqtt_squad.devices), schedule, clock, tally);
  }

  std::atomic<int> running{0};
  std::vector<std::thread> threads;
  const auto start = [&](auto& fleet) {
    ++running;
    threads.emplace_back([&] {
      fleet->run();
      fleet.reset();  // disconnects on the thread that ran it
      --running;
    });
  };
  if (mqtt_fleet) start(mqtt_fleet);
  if (coap_fleet) start(coap_fleet);
  watch(options, tally, running);
  for (std::thread& thread : threads) thread.join();

  RunReport report;
  report.seconds = std::chrono::duration<double>(clock.since_start()).count();
  report.counts = tally.counts();
  const Counts& counts = report.counts;
  const std::uint64_t settled = counts.acknowledged + counts.refused;
  report.unacknowledged = counts.sent - settled;
  report.unsent = counts.measured - counts.sent;
  const Latencies latencies = tally.latencies();
  report.p50_ms = latencies.percentile(0.5);
  report.p95_ms = latencies.percentile(0.95);
  report.p99_ms = latencies.percentile(0.99);
  TRY(tally.close());
  return report;
}

std::string to_text(const RunReport& report) {
  const Counts& counts = report.counts;
  std::string text = "sent " + grouped(counts.sent) + " | acknowledged " +
                     grouped(counts.acknowledged) + " in " + fixed(report.seconds, 1) +
                     " s | latency p50 " + fixed(report.p50_ms, 0) + " ms, p95 " +
                     fixed(report.p95_ms, 0) + " ms, p99 " + fixed(report.p99_ms, 0) + " ms\n";
  const auto remark = [&text](std::uint64_t count, const char* what) {
    if (count > 0) text += "  " + grouped(count) + ' ' + what + '\n';
  };
  remark(report.unacknowledged, "sent, but nobody answered");
  remark(report.unsent, "measured, but never sent");
  remark(counts.resent, "sent again after an outage");
  remark(counts.duplicates, "sent twice on purpose");
  remark(counts.refused, "refused by the gateway for good");
  remark(counts.reconnects, "reconnects");
  remark(counts.skipped, "not measured: the device's ring was full");
  return text;
}

std::string to_json(const RunReport& report) {
  const Counts& counts = report.counts;
  return JsonLine()
             .decimal("seconds", report.seconds)
             .number("measured", counts.measured)
             .number("sent", counts.sent)
             .number("acknowledged", counts.acknowledged)
             .number("unacknowledged", report.unacknowledged)
             .number("unsent", report.unsent)
             .number("resent", counts.resent)
             .number("duplicates", counts.duplicates)
             .number("refused", counts.refused)
             .number("reconnects", counts.reconnects)
             .number("skipped", counts.skipped)
             .decimal("p50_ms", report.p50_ms)
             .decimal("p95_ms", report.p95_ms)
             .decimal("p99_ms", report.p99_ms)
             .finish() +
         '\n';
}

}  // namespace sluice::sim
