#include "firmware-sim/fleet/run.h"

#include <atomic>
#include <csignal>

#include "firmware-sim/common/descriptors.h"
#include "firmware-sim/common/live_line.h"
#include "firmware-sim/fleet/socket_world.h"

namespace sluice::sim {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds refresh_interval{250};
constexpr std::uint64_t descriptors_besides = 64;  // of devices
// Of all devices together: some 110 MB when every one of them is full.
constexpr std::uint32_t readings_in_all_rings = 4'000'000;

std::atomic<int> interrupts{0};

extern "C" void on_interrupt(int /*signal*/) { interrupts.fetch_add(1); }

// While it lives, SIGINT and SIGTERM are counted.
class InterruptScope {
 public:
  InterruptScope() {
    interrupts = 0;
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    sigaction(SIGINT, &action, &old_int_);
    sigaction(SIGTERM, &action, &old_term_);
  }
  ~InterruptScope() {
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
  }
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

 private:
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
};

Result<void> check(const FlagOptions& options) {
  const auto refuse = [](const std::string& why) { return Error{ErrorKind::bad_config, why}; };
  if (options.mqtt_url.empty() && options.coap_url.empty()) {
    return refuse("say where the gateway is: --mqtt mqtt://host:port, --coap coap://host:port");
  }
  if (options.devices == 0) return refuse("--devices must be at least 1");
  if (!(options.rate > 0)) return refuse("--rate must be above 0");
  for (const double share : {options.duplicates, options.bad, options.filtered}) {
    if (share < 0 || share > 1) return refuse("a SHARE is a number from 0 to 1");
  }
  return {};
}

// Halls at some 20 degrees, the coldest and the hottest places 15 away from that.
KindSpec climate_kind(const FlagOptions& options) {
  KindSpec kind;
  kind.name = "dev-{index}";
  kind.interval =
      duration_cast<Duration>(std::chrono::duration<double>(options.devices / options.rate));
  kind.ring = std::min<std::uint32_t>(65'536, readings_in_all_rings / options.devices);
  SignalSpec& temperature = kind.signals["temperature"];
  temperature.unit = "Cel";
  temperature.base = 21;
  temperature.spread = 15;
  temperature.noise = 0.4;
  temperature.sine = SineSpec{4, duration_cast<Duration>(options.day), {}};
  temperature.spikes = SpikesSpec{0.001, 12};
  temperature.min = -35;
  temperature.max = 80;
  temperature.filtered_below = -40;
  temperature.filtered_above = 85;
  SignalSpec& humidity = kind.signals["humidity"];
  humidity.unit = "%RH";
  humidity.base = 50;
  humidity.noise = 2;
  humidity.decimals = 1;
  humidity.sine = SineSpec{-10, duration_cast<Duration>(options.day), {}};
  kind.faults.malformed = options.bad;
  kind.faults.duplicates = options.duplicates;
  kind.faults.clock_skew = duration_cast<Duration>(options.clock_skew);
  if (options.filtered > 0) {
    // What real sensors say when they are broken: an unplugged DS18B20, its power-on value, an
    // ADC's end. Four readings at a time.
    StuckSpec& stuck = kind.faults.stuck.emplace();
    stuck.at = {-127.0, 85.0, 999.9};
    stuck.lasts = 4 * kind.interval;
    stuck.every =
        duration_cast<Duration>(stuck.lasts * (1.0 / options.filtered - 1.0)) + kind.interval / 100;
  }
  return kind;
}

}  // namespace

Result<FleetSpec> fleet_of(const FlagOptions& options) {
  TRY(check(options));
  FleetSpec fleet;
  fleet.mqtt = options.mqtt_url;
  fleet.coap = options.coap_url;
  fleet.duration = duration_cast<Duration>(options.seconds);
  const bool has_both = !options.mqtt_url.empty() && !options.coap_url.empty();
  const auto add = [&](const char* name, Protocol protocol, const char* topic, bool is_second) {
    KindSpec kind = climate_kind(options);
    kind.protocol = protocol;
    kind.topic = topic;
    kind.count = has_both ? (options.devices + (is_second ? 0 : 1)) / 2 : options.devices;
    kind.first_index = is_second && has_both ? 1 : 0;
    kind.index_step = has_both ? 2 : 1;
    if (kind.count > 0) fleet.kinds.emplace(name, std::move(kind));
  };
  if (!options.mqtt_url.empty())
    add("mqtt", Protocol::mqtt, "plant/line-{group}/{device}/telemetry", false);
  if (!options.coap_url.empty()) add("coap", Protocol::coap, "telemetry/{device}", true);
  return fleet;
}

Result<RunReport> run_fleet(const FleetSpec& spec, const ShowOptions& show) {
  TRY(allow_descriptors(spec.devices() + descriptors_besides));
  const auto world =
      TRY(SocketWorld::open(spec.mqtt, spec.coap, Fleet::protocols(spec), spec.speed));
  Tally tally;
  if (!spec.ledger.empty()) TRY(tally.open(spec.ledger));

  // A fast clock starts in the past, so that at the end it says what ours does.
  double lasts_ms = 0;
  for (const PhaseSpec& phase : spec.course()) {
    lasts_ms += std::chrono::duration<double, std::milli>(phase.lasts).count();
  }
  const double ahead_ms = std::max(0.0, lasts_ms - lasts_ms / spec.speed);
  const auto fleet =
      TRY(Fleet::make(spec, *world, tally, world->wall_ms() - static_cast<std::int64_t>(ahead_ms)));
  const auto seconds = [&] { return world->now_ms() / spec.speed / 1000; };
  {
    LiveLine line(!show.is_quiet, show.status_file);
    LiveText text;
    fleet->show_every(spec.speed * static_cast<double>(refresh_interval.count()),
                      [&] { line.update(text.next(*fleet, tally, seconds())); });
    const InterruptScope scope;
    fleet->run(interrupts);
  }
  TRY(tally.close());
  return report_of(tally, spec.devices(), seconds());
}

}  // namespace sluice::sim
