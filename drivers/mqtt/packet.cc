#include "drivers/mqtt/packet.h"

#include <array>
#include <initializer_list>

#include "drivers/mqtt/packet_reader.h"
#include "drivers/mqtt/text.h"

namespace sluice::mqtt {
namespace {

constexpr std::string_view wrong_flags =
    "the flags of the fixed header are not those of this packet";

bool has_v5(Version version) { return version == Version::v5; }

void expect_flags(PacketReader& reader, const Frame& frame, std::uint8_t flags) {
  if (frame.flags != flags) reader.fail(Reason::malformed_packet, wrong_flags);
}

void read_properties_if_any(PacketReader& reader, PacketType type, Version version,
                            Properties& properties) {
  if (has_v5(version)) read_properties(reader, type, PropertyPlace::packet, properties);
}

bool is_one_of(Reason reason, std::initializer_list<std::uint8_t> codes) {
  for (const std::uint8_t code : codes) {
    if (static_cast<std::uint8_t>(reason) == code) return true;
  }
  return false;
}

// The reason codes of MQTT 5 sections 3.4.2.1, 3.5.2.1, 3.6.2.1 and 3.7.2.1.
bool is_ack_reason(PacketType type, Reason reason) {
  if (type == PacketType::pubrel || type == PacketType::pubcomp)
    return is_one_of(reason, {0x00, 0x92});
  return is_one_of(reason, {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99});
}

// Section 3.2.2.2.
bool is_connack_reason(Reason reason) {
  const auto code = static_cast<unsigned>(reason);
  if (code == 0x00) return true;
  return (code >= 0x80 && code <= 0x8A) ||
         is_one_of(reason, {0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F});
}

// Sections 3.9.3 and 3.11.3; 3.1.1 section 3.9.3.
bool is_suback_reason(PacketType type, Version version, Reason reason) {
  if (type == PacketType::unsuback)
    return is_one_of(reason, {0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91});
  if (!has_v5(version)) return is_one_of(reason, {0x00, 0x01, 0x02, 0x80});
  return is_one_of(reason,
                   {0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2});
}

// The bits of the Connect Flags byte (section 3.1.2.3).
struct ConnectFlags {
  explicit ConnectFlags(std::uint8_t bits)
      : is_reserved_set((bits & 0x01) != 0),
        is_clean((bits & 0x02) != 0),
        has_will((bits & 0x04) != 0),
        will_qos(static_cast<std::uint8_t>(bits >> 3 & 0x03)),
        is_will_retained((bits & 0x20) != 0),
        has_password((bits & 0x40) != 0),
        has_user((bits & 0x80) != 0) {}

  bool is_valid(Version version) const {
    if (is_reserved_set || will_qos == 3) return false;
    if (!has_will && (will_qos != 0 || is_will_retained)) return false;
    return has_v5(version) || has_user || !has_password;
  }

  bool is_reserved_set;
  bool is_clean;
  bool has_will;
  std::uint8_t will_qos;
  bool is_will_retained;
  bool has_password;
  bool has_user;
};

// The return code of 3.1.1 is for identifiers that are a text but not allowed (section 3.2.2.3), so
// that its client gets no answer here.
void read_client_id(PacketReader& reader, ConnectPacket& packet) {
  packet.client_id = reader.binary();
  if (reader.is_ok() && !is_text(packet.client_id)) {
    reader.fail(Reason::client_identifier_not_valid, "the client identifier is not a text",
                !has_v5(packet.version));
  }
}

void read_will(PacketReader& reader, const ConnectFlags& flags, ConnectPacket& packet) {
  WillPacket& will = packet.will;
  packet.has_will = true;
  will.qos = flags.will_qos;
  will.is_retained = flags.is_will_retained;
  if (has_v5(packet.version)) {
    read_properties(reader, PacketType::connect, PropertyPlace::will, will.properties);
  }
  will.topic = reader.text();
  will.payload = reader.binary();
  if (reader.is_ok() && (topic_levels(will.topic) == 0 || is_server_topic(will.topic))) {
    reader.fail(Reason::malformed_packet, "the will's topic is not one to publish to");
  }
}

// Credentials that cannot be read get no answer: it would only help who guesses.
void read_credentials(PacketReader& reader, const ConnectFlags& flags) {
  if (!reader.is_ok()) return;
  PacketReader fields(reader.rest());
  if (flags.has_user) fields.text();
  if (flags.has_password) fields.binary();
  if (!fields.is_ok()) {
    reader.fail(Reason::malformed_packet, "user name or password cannot be read", true);
    return;
  }
  if (!fields.at_end())
    reader.fail(Reason::malformed_packet, "bytes after the packet's last field");
}

}  // namespace

std::optional<Violation> read_frame(std::string_view bytes, std::size_t max_packet_bytes,
                                    Frame& frame) {
  frame.size = 0;
  if (bytes.empty()) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(bytes[0]);
  frame.type = static_cast<PacketType>(first >> 4);
  frame.flags = first & 0x0F;
  if (frame.type == PacketType::reserved) return Violation{Reason::protocol_error, "packet type 0"};
  std::size_t length = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i + 1 >= bytes.size()) return std::nullopt;
    const auto byte = static_cast<std::uint8_t>(bytes[i + 1]);
    length |= static_cast<std::size_t>(byte & 0x7F) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (i > 0 && byte == 0)
      return Violation{Reason::malformed_packet, "the length is not in its shortest form", true};
    const std::size_t header = i + 2;
    if (header + length > max_packet_bytes)
      return Violation{Reason::packet_too_large, "the packet is too large"};
    if (bytes.size() < header + length) return std::nullopt;
    frame.body = bytes.substr(header, length);
    frame.size = header + length;
    return std::nullopt;
  }
  return Violation{Reason::malformed_packet, "the length takes more than four bytes", true};
}

std::optional<Violation> decode_connect(const Frame& frame, ConnectPacket& packet) {
  PacketReader reader(frame.body);
  if (frame.flags != 0) reader.fail(Reason::malformed_packet, wrong_flags, true);
  const std::string_view name = reader.binary();
  packet.level = reader.byte();
  if (name != "MQTT" || !reader.is_ok()) {
    if (name == "MQIsdp" && reader.is_ok()) return std::nullopt;  // 3.1: known, not supported
    return Violation{Reason::malformed_packet, "the protocol's name is not MQTT", true};
  }
  packet.is_supported = packet.level == 4 || packet.level == 5;
  if (!packet.is_supported) return std::nullopt;
  packet.version = static_cast<Version>(packet.level);
  const ConnectFlags flags(reader.byte());
  if (reader.is_ok() && !flags.is_valid(packet.version)) {
    reader.fail(Reason::malformed_packet, "the connect flags contradict each other");
  }
  packet.is_clean = flags.is_clean;
  packet.keep_alive_s = reader.two_bytes();
  read_properties_if_any(reader, PacketType::connect, packet.version, packet.properties);
  if (packet.properties.has(PropertyId::authentication_data) &&
      !packet.properties.has(PropertyId::authentication_method)) {
    reader.fail(Reason::protocol_error, "authentication data without a method");
  }
  read_client_id(reader, packet);
  if (flags.has_will) read_will(reader, flags, packet);
  read_credentials(reader, flags);
  return reader.violation();
}

std::optional<Violation> decode_publish(const Frame& frame, Version version,
                                        PublishPacket& packet) {
  PacketReader reader(frame.body);
  packet.is_duplicate = (frame.flags & 0x08) != 0;
  packet.qos = static_cast<std::uint8_t>(frame.flags >> 1 & 0x03);
  packet.is_retained = (frame.flags & 0x01) != 0;
  packet.id = 0;
  if (packet.qos == 3) reader.fail(Reason::malformed_packet, "QoS 3");
  packet.topic = reader.text();
  if (packet.qos > 0) packet.id = reader.packet_id();
  packet.properties = {};
  read_properties_if_any(reader, PacketType::publish, version, packet.properties);
  packet.payload = reader.rest();
  if (!reader.is_ok()) return reader.violation();
  const bool has_alias = packet.properties.has(PropertyId::topic_alias);
  if (packet.topic.empty() && !has_alias) {
    return Violation{has_v5(version) ? Reason::protocol_error : Reason::malformed_packet,
                     "a PUBLISH without topic"};
  }
  packet.levels = topic_levels(packet.topic);
  if (packet.levels == 0 && !packet.topic.empty()) {
    return Violation{Reason::malformed_packet, "a wildcard in the topic of a PUBLISH"};
  }
  return std::nullopt;
}

std::optional<Violation> decode_ack(const Frame& frame, Version version, AckPacket& packet) {
  PacketReader reader(frame.body);
  expect_flags(reader, frame, frame.type == PacketType::pubrel ? 0x02 : 0x00);
  packet.id = reader.packet_id();
  packet.reason = Reason::success;
  if (has_v5(version) && !reader.at_end()) {
    packet.reason = static_cast<Reason>(reader.byte());
    if (reader.is_ok() && !is_ack_reason(frame.type, packet.reason)) {
      reader.fail(Reason::protocol_error, "a reason code that this packet may not have");
    }
    Properties properties;
    if (!reader.at_end()) read_properties(reader, frame.type, PropertyPlace::packet, properties);
  }
  reader.expect_end();
  return reader.violation();
}

std::optional<Violation> decode_subscribe(const Frame& frame, Version version,
                                          FilterPacket& packet) {
  PacketReader reader(frame.body);
  expect_flags(reader, frame, 0x02);
  packet.id = reader.packet_id();
  packet.filters = 0;
  Properties properties;
  read_properties_if_any(reader, PacketType::subscribe, version, properties);
  do {
    const std::string_view filter = reader.text();
    const std::uint8_t options = reader.byte();
    if (!reader.is_ok()) break;
    ++packet.filters;
    if (!is_topic_filter(filter))
      reader.fail(Reason::malformed_packet, "a filter that matches nothing");
    const unsigned qos = options & 0x03;
    const unsigned retain_handling = options >> 4 & 0x03;
    const unsigned reserved = options & (has_v5(version) ? 0xC0 : 0xFC);
    if (qos == 3 || retain_handling == 3 || reserved != 0) {
      reader.fail(Reason::malformed_packet, "subscription options that are not defined");
    }
    const bool is_no_local = (options & 0x04) != 0;
    if (is_no_local && is_shared_filter(filter)) {
      reader.fail(Reason::protocol_error, "a shared subscription with No Local");
    }
  } while (!reader.at_end());
  return reader.violation();
}

std::optional<Violation> decode_unsubscribe(const Frame& frame, Version version,
                                            FilterPacket& packet) {
  PacketReader reader(frame.body);
  expect_flags(reader, frame, 0x02);
  packet.id = reader.packet_id();
  packet.filters = 0;
  Properties properties;
  read_properties_if_any(reader, PacketType::unsubscribe, version, properties);
  do {
    const std::string_view filter = reader.text();
    if (!reader.is_ok()) break;
    ++packet.filters;
    if (!is_topic_filter(filter))
      reader.fail(Reason::malformed_packet, "a filter that matches nothing");
  } while (!reader.at_end());
  return reader.violation();
}

std::optional<Violation> decode_disconnect(const Frame& frame, Version version,
                                           DisconnectPacket& packet) {
  PacketReader reader(frame.body);
  expect_flags(reader, frame, 0x00);
  if (has_v5(version) && !reader.at_end()) {
    packet.reason = static_cast<Reason>(reader.byte());
    if (!reader.at_end()) {
      read_properties(reader, PacketType::disconnect, PropertyPlace::packet, packet.properties);
    }
  }
  reader.expect_end();
  return reader.violation();
}

std::optional<Violation> decode_connack(const Frame& frame, Version version,
                                        ConnackPacket& packet) {
  PacketReader reader(frame.body);
  expect_flags(reader, frame, 0x00);
  const std::uint8_t flags = reader.byte();
  packet.is_session_present = flags == 1;
  packet.reason = static_cast<Reason>(reader.byte());
  if (flags > 1) reader.fail(Reason::malformed_packet, "CONNACK flags that are not defined");
  if (!has_v5(version)) {
    reader.expect_end();
    if (static_cast<unsigned>(packet.reason) > 5)
      reader.fail(Reason::protocol_error, "an unknown return code");
    return reader.violation();
  }
  // A server that knows only 3.1.1 answers in its own form: two bytes, return code 1.
  const auto return_code = static_cast<ReturnCode>(packet.reason);
  if (reader.at_end() && return_code == ReturnCode::unacceptable_protocol_version) {
    packet.reason = Reason::unsupported_protocol_version;
    return reader.violation();
  }
  if (!is_connack_reason(packet.reason))
    reader.fail(Reason::protocol_error, "an unknown reason code");
  // What follows the properties is passed over: a broker that pads its CONNACK can still be used.
  read_properties(reader, PacketType::connack, PropertyPlace::packet, packet.properties);
  return reader.violation();
}

std::optional<Violation> decode_suback(const Frame& frame, Version version, SubackPacket& packet) {
  PacketReader reader(frame.body);
  expect_flags(reader, frame, 0x00);
  packet.id = reader.packet_id();
  Properties properties;
  read_properties_if_any(reader, frame.type, version, properties);
  if (frame.type == PacketType::unsuback && !has_v5(version)) {
    reader.expect_end();
    return reader.violation();
  }
  packet.reasons = reader.rest();
  // An UNSUBACK without codes is let pass: nothing depends on it.
  if (packet.reasons.empty() && frame.type == PacketType::suback)
    reader.fail(Reason::malformed_packet, "an answer without reason codes");
  for (const char code : packet.reasons) {
    if (!is_suback_reason(frame.type, version,
                          static_cast<Reason>(static_cast<std::uint8_t>(code)))) {
      reader.fail(Reason::protocol_error, "an unknown reason code");
    }
  }
  return reader.violation();
}

std::optional<Violation> decode_ping(const Frame& frame) {
  if (!frame.body.empty()) return Violation{Reason::malformed_packet, "a ping has no body", true};
  if (frame.flags != 0) return Violation{Reason::malformed_packet, wrong_flags};
  return std::nullopt;
}

}  // namespace sluice::mqtt
