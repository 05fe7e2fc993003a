// Packets that peers send in the tests, as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/mqtt/packet_writer.h"
#include "drivers/mqtt/protocol.h"

namespace sluice::mqtt {

inline std::string two_bytes(std::size_t value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}
inline std::string text_field(std::string_view text) {
  return two_bytes(text.size()) + std::string(text);
}

inline std::string packet(unsigned first_byte, std::string_view body) {
  std::string bytes(1, static_cast<char>(first_byte));
  std::size_t length = body.size();
  while (length >= 0x80) {
    bytes += static_cast<char>((length & 0x7F) | 0x80);
    length >>= 7;
  }
  bytes += static_cast<char>(length);
  bytes += body;
  return bytes;
}

struct PublishFields {
  std::string_view topic = "plant/1";
  std::string_view payload = "x";
  unsigned qos = 0;
  std::size_t id = 0;
  bool is_duplicate = false;
  bool is_retained = false;
  std::string_view properties = {};  // MQTT 5, without their length
};

inline std::string publish(const PublishFields& fields, Version version = Version::v3_1_1) {
  std::string body = text_field(fields.topic);
  if (fields.qos > 0) body += two_bytes(fields.id);
  if (version == Version::v5) body += static_cast<char>(fields.properties.size());
  body += fields.properties;
  body += fields.payload;
  return packet(
      0x30U | (fields.is_duplicate ? 8U : 0U) | fields.qos << 1 | (fields.is_retained ? 1U : 0U),
      body);
}

inline std::string ack(PacketType type, std::uint16_t id, Reason reason = Reason::success,
                       Version version = Version::v3_1_1) {
  std::string bytes;
  append_ack(bytes, version, type, id, reason);
  return bytes;
}
inline std::string puback(std::uint16_t id) { return ack(PacketType::puback, id); }
inline std::string pubrec(std::uint16_t id) { return ack(PacketType::pubrec, id); }
inline std::string pubrel(std::uint16_t id) { return ack(PacketType::pubrel, id); }
inline std::string pubcomp(std::uint16_t id) { return ack(PacketType::pubcomp, id); }

inline std::string connect_3(std::string_view client_id, bool is_clean = true,
                             std::uint16_t keep_alive_s = 60) {
  ConnectFields fields;
  fields.version = Version::v3_1_1;
  fields.is_clean = is_clean;
  fields.keep_alive_s = keep_alive_s;
  fields.client_id = client_id;
  std::string bytes;
  append_connect(bytes, fields);
  return bytes;
}

inline std::string connect_5(std::string_view client_id, bool is_clean = true,
                             std::uint32_t expiry_s = 0) {
  ConnectFields fields;
  fields.is_clean = is_clean;
  fields.keep_alive_s = 60;
  fields.client_id = client_id;
  fields.session_expiry_s = expiry_s;
  fields.receive_maximum = 10;
  fields.maximum_packet_size = 100'000;
  std::string bytes;
  append_connect(bytes, fields);
  return bytes;
}

inline std::string connack_3(bool is_session_present = false) {
  return packet(0x20, std::string{static_cast<char>(is_session_present), '\0'});
}
inline std::string disconnect(Reason reason, Version version = Version::v5) {
  std::string bytes;
  append_disconnect(bytes, version, reason);
  return bytes;
}
inline std::string ping() { return packet(0xC0, {}); }
inline std::string pong() { return packet(0xD0, {}); }

}  // namespace sluice::mqtt
