// Properties of MQTT 5 packets (section 2.2.2): read, checked against the packet they stand in, and
// written.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/event.h"
#include "drivers/mqtt/packet_reader.h"
#include "drivers/mqtt/protocol.h"

namespace sluice::mqtt {

enum class PropertyId : std::uint8_t {
  payload_format = 0x01,
  message_expiry = 0x02,
  content_type = 0x03,
  response_topic = 0x08,
  correlation_data = 0x09,
  subscription_id = 0x0B,
  session_expiry = 0x11,
  assigned_client_id = 0x12,
  server_keep_alive = 0x13,
  authentication_method = 0x15,
  authentication_data = 0x16,
  request_problem_information = 0x17,
  will_delay = 0x18,
  request_response_information = 0x19,
  response_information = 0x1A,
  server_reference = 0x1C,
  reason_string = 0x1F,
  receive_maximum = 0x21,
  topic_alias_maximum = 0x22,
  topic_alias = 0x23,
  maximum_qos = 0x24,
  retain_available = 0x25,
  user_property = 0x26,
  maximum_packet_size = 0x27,
  wildcard_subscription_available = 0x28,
  subscription_id_available = 0x29,
  shared_subscription_available = 0x2A,
};

// The properties of one packet. Those that we act on have a member; the others are only checked.
struct Properties {
  std::uint64_t present = 0;  // bit of each PropertyId
  std::uint32_t session_expiry_s = 0;
  std::uint32_t will_delay_s = 0;
  std::uint32_t maximum_packet_size = 0;
  std::uint16_t receive_maximum = 0;
  std::uint16_t topic_alias_maximum = 0;
  std::uint16_t topic_alias = 0;
  std::uint16_t server_keep_alive_s = 0;
  std::string_view content_type;
  std::string_view reason_string;
  std::string_view encoded;  // all of them, as sent

  bool has(PropertyId id) const { return (present >> static_cast<unsigned>(id) & 1) != 0; }
};

// Where a property list stands: in a packet of this type, or in the will of a CONNECT.
enum class PropertyPlace : std::uint8_t { packet, will };

// Reads the length and the list. Violations go to the reader: a property that is unknown, not
// allowed in this place, twice there, or out of its range.
void read_properties(PacketReader& reader, PacketType type, PropertyPlace place,
                     Properties& properties);

// The user properties in their order; lent from the packet, the list from `arena`.
std::span<const Property> user_properties(const Properties& properties, Arena& arena);

}  // namespace sluice::mqtt
