#include "drivers/mqtt/packet_writer.h"

#include "drivers/mqtt/properties.h"

namespace sluice::mqtt {
namespace {

void put_byte(std::string& out, unsigned value) { out.push_back(static_cast<char>(value)); }
void put_two(std::string& out, unsigned value) {
  put_byte(out, value >> 8 & 0xFF);
  put_byte(out, value & 0xFF);
}
void put_four(std::string& out, std::uint32_t value) {
  put_two(out, value >> 16);
  put_two(out, value & 0xFFFF);
}
void put_variable(std::string& out, std::size_t value) {
  while (value >= 0x80) {
    put_byte(out, static_cast<unsigned>(value & 0x7F) | 0x80);
    value >>= 7;
  }
  put_byte(out, static_cast<unsigned>(value));
}
void put_text(std::string& out, std::string_view text) {
  put_two(out, static_cast<unsigned>(text.size()));
  out += text;
}
void put_id(std::string& out, PropertyId id) { put_byte(out, static_cast<unsigned>(id)); }

// The fixed header, then `body`.
void put_packet(std::string& out, PacketType type, unsigned flags, std::string_view body) {
  put_byte(out, static_cast<unsigned>(type) << 4 | flags);
  put_variable(out, body.size());
  out += body;
}

void put_properties(std::string& out, std::string_view properties) {
  put_variable(out, properties.size());
  out += properties;
}

unsigned code(Reason reason) { return static_cast<unsigned>(reason); }

}  // namespace

void append_connack(std::string& out, Version version, const ConnackFields& fields) {
  std::string body;
  put_byte(body, fields.is_session_present ? 1 : 0);
  put_byte(body, code(Reason::success));
  if (version == Version::v5) {
    std::string properties;
    if (fields.topic_alias_maximum > 0) {
      put_id(properties, PropertyId::topic_alias_maximum);
      put_two(properties, fields.topic_alias_maximum);
    }
    put_id(properties, PropertyId::maximum_packet_size);
    put_four(properties, fields.maximum_packet_size);
    put_id(properties, PropertyId::receive_maximum);
    put_two(properties, fields.receive_maximum);
    if (!fields.assigned_client_id.empty()) {
      put_id(properties, PropertyId::assigned_client_id);
      put_text(properties, fields.assigned_client_id);
    }
    if (fields.has_session_expiry) {
      put_id(properties, PropertyId::session_expiry);
      put_four(properties, fields.session_expiry_s);
    }
    if (fields.server_keep_alive_s > 0) {
      put_id(properties, PropertyId::server_keep_alive);
      put_two(properties, fields.server_keep_alive_s);
    }
    put_properties(body, properties);
  }
  put_packet(out, PacketType::connack, 0, body);
}

void append_connack_refusal(std::string& out, Reason reason) {
  put_packet(out, PacketType::connack, 0, std::string{'\0', static_cast<char>(code(reason)), '\0'});
}

void append_connack_refusal(std::string& out, ReturnCode return_code) {
  put_packet(out, PacketType::connack, 0,
             std::string{'\0', static_cast<char>(static_cast<unsigned>(return_code))});
}

void append_ack(std::string& out, Version version, PacketType type, std::uint16_t id,
                Reason reason) {
  const bool has_reason = version == Version::v5 && reason != Reason::success;
  const unsigned flags = type == PacketType::pubrel ? 0x02 : 0x00;
  put_byte(out, static_cast<unsigned>(type) << 4 | flags);
  put_byte(out, has_reason ? 3 : 2);
  put_two(out, id);
  if (has_reason) put_byte(out, code(reason));
}

void append_suback(std::string& out, Version version, PacketType type, std::uint16_t id,
                   std::size_t filters, Reason reason) {
  std::string body;
  put_two(body, id);
  if (version == Version::v5) put_byte(body, 0);  // no properties
  const bool has_reasons = version == Version::v5 || type == PacketType::suback;
  if (has_reasons) body.append(filters, static_cast<char>(code(reason)));
  put_packet(out, type, 0, body);
}

void append_ping(std::string& out, PacketType type) { put_packet(out, type, 0, {}); }

void append_disconnect(std::string& out, Version version, Reason reason) {
  std::string body;
  if (version == Version::v5 && reason != Reason::success) put_byte(body, code(reason));
  put_packet(out, PacketType::disconnect, 0, body);
}

void append_connect(std::string& out, const ConnectFields& fields) {
  std::string body;
  put_text(body, "MQTT");
  put_byte(body, static_cast<unsigned>(fields.version));
  const bool has_user = !fields.user.empty();
  const bool has_password = !fields.password.empty();
  put_byte(body,
           (fields.is_clean ? 0x02U : 0U) | (has_password ? 0x40U : 0U) | (has_user ? 0x80U : 0U));
  put_two(body, fields.keep_alive_s);
  if (fields.version == Version::v5) {
    std::string properties;
    put_id(properties, PropertyId::session_expiry);
    put_four(properties, fields.session_expiry_s);
    put_id(properties, PropertyId::receive_maximum);
    put_two(properties, fields.receive_maximum);
    put_id(properties, PropertyId::maximum_packet_size);
    put_four(properties, fields.maximum_packet_size);
    put_id(properties, PropertyId::topic_alias_maximum);
    put_two(properties, fields.topic_alias_maximum);
    put_properties(body, properties);
  }
  put_text(body, fields.client_id);
  if (has_user) put_text(body, fields.user);
  if (has_password) put_text(body, fields.password);
  put_packet(out, PacketType::connect, 0, body);
}

void append_subscribe(std::string& out, Version version, std::uint16_t id,
                      std::span<const Subscription> subscriptions) {
  constexpr unsigned retained_only_when_new = 0x10;
  std::string body;
  put_two(body, id);
  if (version == Version::v5) put_byte(body, 0);
  for (const Subscription& subscription : subscriptions) {
    put_text(body, subscription.filter);
    put_byte(body, subscription.qos | (version == Version::v5 ? retained_only_when_new : 0));
  }
  put_packet(out, PacketType::subscribe, 0x02, body);
}

void append_unsubscribe(std::string& out, Version version, std::uint16_t id,
                        std::span<const std::string> filters) {
  std::string body;
  put_two(body, id);
  if (version == Version::v5) put_byte(body, 0);
  for (const std::string& filter : filters) put_text(body, filter);
  put_packet(out, PacketType::unsubscribe, 0x02, body);
}

}  // namespace sluice::mqtt
