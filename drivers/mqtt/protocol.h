// The words of MQTT: packet types, versions, reason codes, and what a broken rule is.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::mqtt {

enum class PacketType : std::uint8_t {
  reserved = 0,
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};

enum class Version : std::uint8_t { v3_1_1 = 4, v5 = 5 };

// Reason codes of MQTT 5 (section 2.4); those below 0x80 mean success.
enum class Reason : std::uint8_t {
  success = 0x00,
  disconnect_with_will = 0x04,
  no_matching_subscribers = 0x10,
  no_subscription_existed = 0x11,
  unspecified_error = 0x80,
  malformed_packet = 0x81,
  protocol_error = 0x82,
  implementation_specific_error = 0x83,
  unsupported_protocol_version = 0x84,
  client_identifier_not_valid = 0x85,
  not_authorized = 0x87,
  server_unavailable = 0x88,
  server_shutting_down = 0x8B,
  bad_authentication_method = 0x8C,
  keep_alive_timeout = 0x8D,
  session_taken_over = 0x8E,
  topic_name_invalid = 0x90,
  packet_identifier_not_found = 0x92,
  receive_maximum_exceeded = 0x93,
  topic_alias_invalid = 0x94,
  packet_too_large = 0x95,
  quota_exceeded = 0x97,
};

constexpr bool is_failure(Reason reason) { return static_cast<std::uint8_t>(reason) >= 0x80; }

// CONNACK return codes of 3.1.1 (section 3.2.2.3).
enum class ReturnCode : std::uint8_t {
  accepted = 0,
  unacceptable_protocol_version = 1,
  identifier_rejected = 2,
  server_unavailable = 3,
};

// A rule that the peer has broken; the connection ends.
struct Violation {
  Reason reason = Reason::malformed_packet;
  std::string_view what;   // for the log; a constant
  bool is_silent = false;  // the peer cannot be told: the connection closes without a word
};

}  // namespace sluice::mqtt
