// The fleet file: which devices there are, what they measure, how they speak and what goes wrong.
//
//   Result<FleetSpec> fleet = load_fleet("fleet.toml");    // all errors, with line, column and
//   remedy
//
// examples/ has whole ones. The structs say what each key means (describe() in fleet_file.cc).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/fields.h"
#include "core/clock.h"
#include "core/result.h"
#include "firmware-sim/common/ledger.h"
#include "firmware-sim/fleet/faults.h"
#include "firmware-sim/fleet/phases.h"
#include "firmware-sim/fleet/recording.h"
#include "firmware-sim/fleet/signal.h"

namespace sluice::sim {

enum class Format : std::uint8_t { json, senml_json, senml_cbor };

std::span<const EnumName<Protocol>> enum_names(Protocol);
std::span<const EnumName<Format>> enum_names(Format);

// A kind of device: `count` of them, alike but for their names and the seed.
struct KindSpec {
  std::uint32_t count = 0;
  Protocol protocol = Protocol::mqtt;
  std::string name = "{kind}-{index}";    // {kind}, {index} (four digits), {group}
  std::string topic = "{kind}/{device}";  // MQTT topic or CoAP path: these and {device}
  std::uint32_t groups = 4;               // {group} is 1 .. groups
  Format format = Format::json;
  Duration interval = std::chrono::seconds(10);  // between two readings of a device
  double rate = 0;           // readings a second of the whole kind; 0: by `interval`
  std::uint32_t ring = 512;  // readings that a device keeps
  std::uint32_t batch = 8;   // readings in one SenML pack at most
  Duration keep_alive = std::chrono::seconds(60);  // MQTT
  Duration max_silence{};  // with deadbands: a reading at least so often; 0: need not
  std::map<std::string, SignalSpec> signals;
  std::optional<ReplaySpec> replay;
  FaultsSpec faults;

  // The n-th device has the index first_index + n * index_step.
  std::uint32_t first_index = 0;
  std::uint32_t index_step = 1;

  double interval_ms() const;
};

struct FleetSpec {
  std::uint64_t seed = 1;
  std::string mqtt;     // mqtt://host:port
  std::string coap;     // coap://host:port
  Duration duration{};  // without phases
  std::vector<PhaseSpec> phases;
  double speed = 1;  // of the fleet's clock against ours
  Duration drain = std::chrono::seconds(30);
  std::uint32_t first_boot = 1;
  std::string ledger;
  std::map<std::string, KindSpec> kinds;

  // `phases`, or one of `duration`.
  std::vector<PhaseSpec> course() const;
  std::uint64_t devices() const;
};

void describe(Fields<KindSpec>& fields);
void describe(Fields<FleetSpec>& fields);

// Names of a kind's devices: the template with {kind}, {index}, {group} and {device} filled in.
std::string filled_in(const std::string& pattern, const std::string& kind, const KindSpec& spec,
                      std::uint32_t index, const std::string& device);
std::string device_name(const std::string& kind, const KindSpec& spec, std::uint32_t index);
std::string device_topic(const std::string& kind, const KindSpec& spec, std::uint32_t index);

// What the command line says in place of the file; empty: nothing.
struct FleetOverrides {
  std::string mqtt;
  std::string coap;
};

// Relative paths of recordings are beside the file.
//   bad_config  all that is wrong, a line each with the place, the source line and a caret
Result<FleetSpec> load_fleet(const std::string& path, const FleetOverrides& overrides);
Result<FleetSpec> parse_fleet(const std::string& text, const std::string& file_name,
                              const FleetOverrides& overrides = {});

}  // namespace sluice::sim
