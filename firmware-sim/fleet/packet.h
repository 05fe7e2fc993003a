// What the simulator does to a sensor's packets on their way: it finds the report in one, spoils
// it, or makes a second one of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "firmware-sim/common/ledger.h"
#include "firmware-sim/fleet/fleet_file.h"

namespace sluice::sim {

// Where the payload of a report (a CoAP POST, an MQTT PUBLISH) begins; nothing for other packets.
std::optional<std::size_t> payload_of(Protocol protocol, std::span<const std::uint8_t> packet);

// Makes a payload of the same length that no decoder takes: cut short, plain text, broken at its
// end, not UTF-8. `which` chooses.
void spoil(std::span<std::uint8_t> payload, Format format, std::uint64_t which);

// An MQTT PUBLISH becomes one with another packet id, as of a device that forgot that it had sent
// it.
void change_packet_id(std::span<std::uint8_t> publish);

// An MQTT CONNECT.
bool is_connect(Protocol protocol, std::span<const std::uint8_t> packet);

}  // namespace sluice::sim
