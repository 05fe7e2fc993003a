#include "drivers/mqtt/properties.h"

#include <array>

#include "drivers/mqtt/text.h"

namespace sluice::mqtt {
namespace {

enum class Shape : std::uint8_t { none, byte, two_bytes, four_bytes, variable, text, binary, pair };

constexpr std::uint32_t in(PacketType type) { return 1U << static_cast<unsigned>(type); }
constexpr std::uint32_t in_will = 1U << 16;

struct Rule {
  Shape shape = Shape::none;
  std::uint32_t places = 0;
};

// MQTT 5, table 2-4: the shape of each property, and where it may stand.
constexpr std::array<Rule, 0x2B> make_rules() {
  using enum PacketType;
  constexpr std::uint32_t message = in(publish) | in_will;
  constexpr std::uint32_t ack = in(puback) | in(pubrec) | in(pubrel) | in(pubcomp);
  constexpr std::uint32_t answer =
      in(connack) | ack | in(suback) | in(unsuback) | in(disconnect) | in(auth);
  constexpr std::uint32_t handshake = in(connect) | in(connack) | in(auth);
  std::array<Rule, 0x2B> rules{};
  const auto rule = [&](PropertyId id, Shape shape, std::uint32_t places) {
    rules[static_cast<std::size_t>(id)] = {shape, places};
  };
  rule(PropertyId::payload_format, Shape::byte, message);
  rule(PropertyId::message_expiry, Shape::four_bytes, message);
  rule(PropertyId::content_type, Shape::text, message);
  rule(PropertyId::response_topic, Shape::text, message);
  rule(PropertyId::correlation_data, Shape::binary, message);
  rule(PropertyId::subscription_id, Shape::variable, in(publish) | in(subscribe));
  rule(PropertyId::session_expiry, Shape::four_bytes, in(connect) | in(connack) | in(disconnect));
  rule(PropertyId::assigned_client_id, Shape::text, in(connack));
  rule(PropertyId::server_keep_alive, Shape::two_bytes, in(connack));
  rule(PropertyId::authentication_method, Shape::text, handshake);
  rule(PropertyId::authentication_data, Shape::binary, handshake);
  rule(PropertyId::request_problem_information, Shape::byte, in(connect));
  rule(PropertyId::will_delay, Shape::four_bytes, in_will);
  rule(PropertyId::request_response_information, Shape::byte, in(connect));
  rule(PropertyId::response_information, Shape::text, in(connack));
  rule(PropertyId::server_reference, Shape::text, in(connack) | in(disconnect));
  rule(PropertyId::reason_string, Shape::text, answer);
  rule(PropertyId::receive_maximum, Shape::two_bytes, in(connect) | in(connack));
  rule(PropertyId::topic_alias_maximum, Shape::two_bytes, in(connect) | in(connack));
  rule(PropertyId::topic_alias, Shape::two_bytes, in(publish));
  rule(PropertyId::maximum_qos, Shape::byte, in(connack));
  rule(PropertyId::retain_available, Shape::byte, in(connack));
  rule(PropertyId::user_property, Shape::pair,
       in(connect) | answer | message | in(subscribe) | in(unsubscribe));
  rule(PropertyId::maximum_packet_size, Shape::four_bytes, in(connect) | in(connack));
  rule(PropertyId::wildcard_subscription_available, Shape::byte, in(connack));
  rule(PropertyId::subscription_id_available, Shape::byte, in(connack));
  rule(PropertyId::shared_subscription_available, Shape::byte, in(connack));
  return rules;
}
constexpr std::array<Rule, 0x2B> rules = make_rules();

// All bytes of MQTT 5 are truth values.
std::uint8_t read_flag(PacketReader& reader) {
  const std::uint8_t value = reader.byte();
  if (value > 1) reader.fail(Reason::protocol_error, "a property is neither 0 nor 1");
  return value;
}

std::uint32_t read_positive(PacketReader& reader, std::uint32_t value) {
  if (reader.is_ok() && value == 0) reader.fail(Reason::protocol_error, "a property is 0");
  return value;
}

void read_topic(PacketReader& reader) {
  const std::string_view topic = reader.text();
  if (reader.is_ok() && topic_levels(topic) == 0) {
    reader.fail(Reason::protocol_error, "the response topic is not a topic name");
  }
}

void read_value(PacketReader& reader, PropertyId id, Shape shape, Properties& properties) {
  switch (id) {
    case PropertyId::session_expiry:
      properties.session_expiry_s = reader.four_bytes();
      return;
    case PropertyId::will_delay:
      properties.will_delay_s = reader.four_bytes();
      return;
    case PropertyId::server_keep_alive:
      properties.server_keep_alive_s = reader.two_bytes();
      return;
    case PropertyId::topic_alias_maximum:
      properties.topic_alias_maximum = reader.two_bytes();
      return;
    case PropertyId::content_type:
      properties.content_type = reader.text();
      return;
    case PropertyId::reason_string:
      properties.reason_string = reader.text();
      return;
    case PropertyId::response_topic:
      read_topic(reader);
      return;
    case PropertyId::subscription_id:
      read_positive(reader, reader.variable());
      return;
    case PropertyId::maximum_packet_size:
      properties.maximum_packet_size = read_positive(reader, reader.four_bytes());
      return;
    case PropertyId::receive_maximum:
      properties.receive_maximum =
          static_cast<std::uint16_t>(read_positive(reader, reader.two_bytes()));
      return;
    case PropertyId::topic_alias:
      properties.topic_alias =
          static_cast<std::uint16_t>(read_positive(reader, reader.two_bytes()));
      return;
    default:
      break;
  }
  switch (shape) {
    case Shape::byte:
      read_flag(reader);
      return;
    case Shape::two_bytes:
      reader.two_bytes();
      return;
    case Shape::four_bytes:
      reader.four_bytes();
      return;
    case Shape::variable:
      reader.variable();
      return;
    case Shape::text:
      reader.text();
      return;
    case Shape::binary:
      reader.binary();
      return;
    case Shape::pair:
      reader.text();
      reader.text();
      return;
    case Shape::none:
      return;
  }
}

}  // namespace

void read_properties(PacketReader& reader, PacketType type, PropertyPlace place,
                     Properties& properties) {
  properties.encoded = reader.bytes(reader.variable());
  if (properties.encoded.empty()) return;
  const std::uint32_t here = place == PropertyPlace::will ? in_will : in(type);
  PacketReader list(properties.encoded);
  while (!list.at_end()) {
    const std::uint32_t code = list.variable();
    const Rule rule = code < rules.size() ? rules[code] : Rule{};
    if (rule.shape == Shape::none) {
      list.fail(Reason::malformed_packet, "an unknown property");
      break;
    }
    const auto id = static_cast<PropertyId>(code);
    const bool is_repeated = properties.has(id) && id != PropertyId::user_property;
    properties.present |= std::uint64_t{1} << code;
    read_value(list, id, rule.shape, properties);
    if ((rule.places & here) == 0) {
      list.fail(Reason::protocol_error, "a property that this packet may not have");
    } else if (is_repeated) {
      list.fail(Reason::protocol_error, "a property that stands there twice");
    }
  }
  if (list.violation()) reader.fail(list.violation()->reason, list.violation()->what);
}

std::span<const Property> user_properties(const Properties& properties, Arena& arena) {
  if (!properties.has(PropertyId::user_property)) return {};
  // Two passes over a list that read_properties() has checked: count, then fill.
  std::size_t count = 0;
  Property* found = nullptr;
  for (int pass = 0; pass < 2; ++pass) {
    PacketReader list(properties.encoded);
    Properties ignored;
    std::size_t at = 0;
    while (!list.at_end()) {
      const std::uint32_t code = list.variable();
      if (code != static_cast<std::uint32_t>(PropertyId::user_property)) {
        read_value(list, static_cast<PropertyId>(code), rules[code].shape, ignored);
        continue;
      }
      const std::string_view name = list.text();
      const std::string_view value = list.text();
      if (found != nullptr) found[at] = {name, value};
      ++at;
    }
    count = at;
    if (found == nullptr) found = arena.array<Property>(count);
  }
  return {found, count};
}

}  // namespace sluice::mqtt
