// Writes the packets that we send, appended to `out`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/mqtt/protocol.h"

namespace sluice::mqtt {

struct ConnackFields {
  bool is_session_present = false;
  std::uint16_t topic_alias_maximum = 0;
  std::uint32_t maximum_packet_size = 0;
  std::uint16_t receive_maximum = 0;
  std::string_view assigned_client_id;  // empty: the client brought its own
  std::uint32_t session_expiry_s = 0;   // only if it is not what the client asked for
  bool has_session_expiry = false;
  std::uint16_t server_keep_alive_s = 0;  // 0: the client's own holds
};
void append_connack(std::string& out, Version version, const ConnackFields& fields);
// Refusals, in the two forms that clients understand.
void append_connack_refusal(std::string& out, Reason reason);
void append_connack_refusal(std::string& out, ReturnCode code);

// PUBACK, PUBREC, PUBREL, PUBCOMP. The reason is written only for MQTT 5, and only if it is not
// success.
void append_ack(std::string& out, Version version, PacketType type, std::uint16_t id,
                Reason reason);
// SUBACK or UNSUBACK that gives the same reason for each of `filters`.
void append_suback(std::string& out, Version version, PacketType type, std::uint16_t id,
                   std::size_t filters, Reason reason);
void append_ping(std::string& out, PacketType type);
// With its reason for MQTT 5; 3.1.1 has none.
void append_disconnect(std::string& out, Version version, Reason reason);

struct ConnectFields {
  Version version = Version::v5;
  bool is_clean = false;
  std::uint16_t keep_alive_s = 0;
  std::string_view client_id;
  std::string_view user;
  std::string_view password;
  std::uint32_t session_expiry_s = 0;  // the rest: MQTT 5 only
  std::uint16_t receive_maximum = 0;
  std::uint32_t maximum_packet_size = 0;
  std::uint16_t topic_alias_maximum = 0;
};
void append_connect(std::string& out, const ConnectFields& fields);

struct Subscription {
  std::string_view filter;
  std::uint8_t qos = 0;
};
// MQTT 5: retained messages come only with a subscription that is new to the broker.
void append_subscribe(std::string& out, Version version, std::uint16_t id,
                      std::span<const Subscription> subscriptions);
void append_unsubscribe(std::string& out, Version version, std::uint16_t id,
                        std::span<const std::string> filters);

}  // namespace sluice::mqtt
