#include "firmware-sim/fleet/fleet_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "config/document.h"
#include "config/table_reader.h"
#include "firmware-sim/common/endpoint.h"
#include "firmware-sim/node/node.h"

namespace sluice::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::array protocol_names{EnumName<Protocol>{"mqtt", Protocol::mqtt},
                                    EnumName<Protocol>{"coap", Protocol::coap}};
constexpr std::array<EnumName<Format>, 3> all_format_names{{{"json", Format::json},
                                                            {"senml-json", Format::senml_json},
                                                            {"senml-cbor", Format::senml_cbor}}};

Result<void> check_pattern(const std::string& pattern) {
  constexpr std::array known = {"kind", "index", "group", "device"};
  for (std::size_t at = pattern.find('{'); at != std::string::npos;
       at = pattern.find('{', at + 1)) {
    const std::string word = pattern.substr(at + 1, pattern.find('}', at) - at - 1);
    if (std::ranges::find(known, word) == known.end()) {
      return Error{ErrorKind::bad_config, "knows {kind}, {index}, {group} and {device}, not {" +
                                              printable(word, 20) + "}"};
    }
  }
  return {};
}

Result<void> check_mqtt(const std::string& url) {
  if (!url.empty()) TRY(parse_endpoint(url, "mqtt"));
  return {};
}

Result<void> check_coap(const std::string& url) {
  if (!url.empty()) TRY(parse_endpoint(url, "coap"));
  return {};
}

bool is_recorded(const KindSpec& spec) {
  return std::ranges::any_of(spec.signals,
                             [](const auto& entry) { return !entry.second.column.empty(); });
}

// --- what one table cannot know of itself ---

class Checker {
 public:
  Checker(const FleetSpec& fleet, Document& document) : fleet_(fleet), document_(document) {}

  void check() {
    for (const auto& [name, kind] : fleet_.kinds) check_kind(name, kind);
    for (std::size_t i = 1; i < fleet_.phases.size(); ++i) {
      if (fleet_.phases[i].ramp) complain("phases", "only the first phase can be a ramp");
    }
  }

 private:
  void complain(const std::string& path, const std::string& message) {
    const Node* node = &document_.root().node();
    for (std::size_t at = 0; at <= path.size();) {
      const std::size_t end = std::min(path.find('.', at), path.size());
      const Node* const child = node->find(path.substr(at, end - at));
      if (child == nullptr) break;
      node = child;
      at = end + 1;
    }
    document_.diagnostics().error(*node, message);
  }

  void check_kind(const std::string& name, const KindSpec& kind) {
    const std::string path = "kinds." + name;
    const bool is_over_mqtt = kind.protocol == Protocol::mqtt;
    if (is_over_mqtt ? fleet_.mqtt.empty() : fleet_.coap.empty()) {
      complain(path + ".protocol",
               is_over_mqtt ? "needs `mqtt = \"mqtt://host:port\"` at the top, or --mqtt"
                            : "needs `coap = \"coap://host:port\"` at the top, or --coap");
    }
    check_names(name, kind, path);
    for (const auto& [signal, spec] : kind.signals) {
      std::string place = path;
      place.append(".signals.").append(signal);
      if (!node_is_plain_name(signal.data(), signal.size(), 16)) {
        complain(place, "a signal's name is 1 to 16 letters, digits, '-', '.' or '_'");
      }
      if (spec.unit.size() > 8) complain(place + ".unit", "must have at most 8 characters");
      if (is_recorded(kind) && spec.column.empty()) {
        complain(place, "needs `column`: the kind plays a recording");
      }
    }
    if (kind.replay.has_value() != is_recorded(kind)) {
      complain(path, "needs both `replay` and a `column` in its signals, or neither");
    }
  }

  // The longest names, and that no two devices share one.
  void check_names(const std::string& name, const KindSpec& kind, const std::string& path) {
    const std::uint32_t last = kind.first_index + (kind.count - 1) * kind.index_step;
    const std::string device = device_name(name, kind, last);
    if (!node_is_plain_name(device.data(), device.size(), node_max_name)) {
      complain(path + ".name", "gives '" + printable(device) + "': a device's name is 1 to " +
                                   std::to_string(int{node_max_name}) +
                                   " letters, digits, '-', ':', '.' or '_'");
    }
    const std::string topic = device_topic(name, kind, last);
    if (topic.empty() || topic.size() > node_max_path) {
      complain(path + ".topic", "gives '" + printable(topic) + "': it must have 1 to " +
                                    std::to_string(int{node_max_path}) + " bytes");
    }
    for (std::uint32_t i = 0; i < kind.count; ++i) {
      const std::string one = device_name(name, kind, kind.first_index + i * kind.index_step);
      if (names_.insert(one).second) continue;
      complain(path + ".name", "gives '" + printable(one) + "' to two devices; it needs {index}");
      return;
    }
  }

  const FleetSpec& fleet_;
  Document& document_;
  std::set<std::string> names_;
};

void replace(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

Result<FleetSpec> read(Document& document, const FleetOverrides& overrides) {
  FleetSpec fleet;
  read_table(document.root(), fleet, document.diagnostics());
  if (!overrides.mqtt.empty()) fleet.mqtt = overrides.mqtt;
  if (!overrides.coap.empty()) fleet.coap = overrides.coap;
  if (!document.diagnostics().has_errors()) Checker(fleet, document).check();
  if (!document.diagnostics().has_errors()) return fleet;
  std::string text = document.diagnostics().all_with_source();
  while (text.ends_with('\n')) text.pop_back();
  return Error{ErrorKind::bad_config, text};
}

}  // namespace

std::span<const EnumName<Protocol>> enum_names(Protocol) { return protocol_names; }

std::span<const EnumName<Format>> enum_names(Format) { return all_format_names; }

double KindSpec::interval_ms() const {
  if (rate > 0) return 1000.0 * count / rate;
  return std::chrono::duration<double, std::milli>(interval).count();
}

std::vector<PhaseSpec> FleetSpec::course() const {
  if (!phases.empty()) return phases;
  PhaseSpec all;
  all.name = "steady";
  all.lasts = duration;
  return {all};
}

std::uint64_t FleetSpec::devices() const {
  std::uint64_t sum = 0;
  for (const auto& [name, kind] : kinds) sum += kind.count;
  return sum;
}

void describe(Fields<KindSpec>& fields) {
  fields.required("count", &KindSpec::count, "How many devices.")
      .between(1, 1'000'000)
      .required("protocol", &KindSpec::protocol, "How they speak.")
      .optional("name", &KindSpec::name, "With {kind}, {index} and {group}.")
      .checked_by(check_pattern)
      .optional("topic", &KindSpec::topic, "MQTT topic or CoAP path; with {device}, too.")
      .checked_by(check_pattern)
      .optional("groups", &KindSpec::groups, "{group} goes from 1 to this.")
      .at_least(1)
      .optional("format", &KindSpec::format, "Of the payload.")
      .optional("interval", &KindSpec::interval, "Between two readings of a device.")
      .between(1ms, 7 * 24h)
      .optional("rate", &KindSpec::rate,
                "Readings a second of the whole kind, in place of `interval`.")
      .at_least(0)
      .optional("ring", &KindSpec::ring,
                "Readings that a device keeps until they are acknowledged.")
      .between(1, 1'000'000)
      .optional("batch", &KindSpec::batch, "Readings in one SenML pack at most.")
      .between(1, 255)
      .optional("keep_alive", &KindSpec::keep_alive, "MQTT: pings after such a silence. 0s: never.")
      .between(0s, 18h)
      .optional("max_silence", &KindSpec::max_silence,
                "With deadbands: a reading is sent at least so often. 0s: need not.")
      .at_least(0s)
      .required("signals", &KindSpec::signals, "What it measures, by name.")
      .optional("replay", &KindSpec::replay, "A recording that its signals play.")
      .optional("faults", &KindSpec::faults, "What goes wrong.")
      .ensure(
          [](const KindSpec& kind) {
            return !kind.signals.empty() && kind.signals.size() <= node_max_channels;
          },
          "needs 1 to 4 signals");
}

void describe(Fields<FleetSpec>& fields) {
  fields.optional("seed", &FleetSpec::seed, "Gives the same readings and faults again.")
      .optional("mqtt", &FleetSpec::mqtt, "The gateway's (or a broker's) mqtt://host:port.")
      .checked_by(check_mqtt)
      .optional("coap", &FleetSpec::coap, "The gateway's coap://host:port.")
      .checked_by(check_coap)
      .optional("duration", &FleetSpec::duration, "How long to measure, without phases.")
      .at_least(0s)
      .optional("phases", &FleetSpec::phases, "The course of the run, in place of `duration`.")
      .optional("speed", &FleetSpec::speed,
                "The fleet's clock runs so many times as fast as ours, its timers too: CoAP sends "
                "again after 2 s of that clock.")
      .between(0.01, 1000)
      .optional("drain", &FleetSpec::drain, "At the end: wait so long for the last answers.")
      .at_least(0s)
      .optional("first_boot", &FleetSpec::first_boot,
                "Of each device. Another number for another run against the same gateway: readings "
                "are told apart by device, boot and number.")
      .between(1, 1'000'000'000)
      .optional("ledger", &FleetSpec::ledger, "Writes a line for each event there.")
      .required("kinds", &FleetSpec::kinds, "The devices, kind by kind.")
      .not_empty()
      .ensure([](const FleetSpec& fleet) { return fleet.phases.empty() != (fleet.duration == 0s); },
              "needs `duration` or [[phases]], and not both");
}

std::string filled_in(const std::string& pattern, const std::string& kind, const KindSpec& spec,
                      std::uint32_t index, const std::string& device) {
  std::string digits = std::to_string(index);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  std::string text = pattern;
  replace(text, "{kind}", kind);
  replace(text, "{index}", digits);
  replace(text, "{group}", std::to_string(1 + index % spec.groups));
  replace(text, "{device}", device);
  return text;
}

std::string device_name(const std::string& kind, const KindSpec& spec, std::uint32_t index) {
  return filled_in(spec.name, kind, spec, index, "device");
}

std::string device_topic(const std::string& kind, const KindSpec& spec, std::uint32_t index) {
  return filled_in(spec.topic, kind, spec, index, device_name(kind, spec, index));
}

Result<FleetSpec> parse_fleet(const std::string& text, const std::string& file_name,
                              const FleetOverrides& overrides) {
  Document document = Document::parse(text, file_name);
  return read(document, overrides);
}

Result<FleetSpec> load_fleet(const std::string& path, const FleetOverrides& overrides) {
  Document document = TRY(Document::load(path));
  FleetSpec fleet = TRY(read(document, overrides));
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  for (auto& [name, kind] : fleet.kinds) {
    if (kind.replay) kind.replay->file = (folder / kind.replay->file).string();
  }
  return fleet;
}

}  // namespace sluice::sim
