// MQTT packets: framing, decoding and strict validation, for MQTT 3.1.1 and 5.
//
//   bytes --read_frame--> Frame --decode_...--> ConnectPacket, PublishPacket ...
//
// Decoders only look: texts of a decoded packet are views into the frame, and nothing is allocated.
// What breaks the protocol is a Violation, which names the reason code to answer with. Rules are
// those of the OASIS specifications "MQTT 3.1.1" and "MQTT 5.0"; [MQTT-x.y.z-n] is their numbering.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "drivers/mqtt/properties.h"
#include "drivers/mqtt/protocol.h"

namespace sluice::mqtt {

struct Frame {
  PacketType type = PacketType::reserved;
  std::uint8_t flags = 0;
  std::string_view body;  // after the fixed header
  std::size_t size = 0;   // of the whole packet; 0: it is not complete yet
};

// Looks at the first packet of `bytes`. A packet longer than `max_packet_bytes` is a violation as
// soon as its length is known.
std::optional<Violation> read_frame(std::string_view bytes, std::size_t max_packet_bytes,
                                    Frame& frame);

struct WillPacket {
  std::string_view topic;
  std::string_view payload;
  std::uint8_t qos = 0;
  bool is_retained = false;
  Properties properties;
};

struct ConnectPacket {
  std::uint8_t level = 0;     // as sent; what follows it is decoded only if it is supported
  bool is_supported = false;  // the level is that of 3.1.1 or 5
  Version version = Version::v3_1_1;
  bool is_clean = false;  // Clean Session, Clean Start
  std::uint16_t keep_alive_s = 0;
  std::string_view client_id;
  bool has_will = false;
  WillPacket will;
  Properties properties;
};
// `packet.version` is right also after a violation that is not silent.
std::optional<Violation> decode_connect(const Frame& frame, ConnectPacket& packet);

struct PublishPacket {
  std::string_view topic;  // empty: the topic alias says it
  std::size_t levels = 0;  // of the topic
  std::string_view payload;
  std::uint16_t id = 0;  // 0 for QoS 0
  std::uint8_t qos = 0;
  bool is_duplicate = false;
  bool is_retained = false;
  Properties properties;
};
std::optional<Violation> decode_publish(const Frame& frame, Version version, PublishPacket& packet);

// PUBACK, PUBREC, PUBREL, PUBCOMP.
struct AckPacket {
  std::uint16_t id = 0;
  Reason reason = Reason::success;
};
std::optional<Violation> decode_ack(const Frame& frame, Version version, AckPacket& packet);

// SUBSCRIBE and UNSUBSCRIBE. All filters are checked.
struct FilterPacket {
  std::uint16_t id = 0;
  std::size_t filters = 0;
};
std::optional<Violation> decode_subscribe(const Frame& frame, Version version,
                                          FilterPacket& packet);
std::optional<Violation> decode_unsubscribe(const Frame& frame, Version version,
                                            FilterPacket& packet);

struct DisconnectPacket {
  Reason reason = Reason::success;
  Properties properties;
};
std::optional<Violation> decode_disconnect(const Frame& frame, Version version,
                                           DisconnectPacket& packet);

struct ConnackPacket {
  bool is_session_present = false;
  Reason reason = Reason::success;  // for 3.1.1 the return code, 0 to 5
  Properties properties;
};
std::optional<Violation> decode_connack(const Frame& frame, Version version, ConnackPacket& packet);

// SUBACK and UNSUBACK (an UNSUBACK of 3.1.1 has no reasons).
struct SubackPacket {
  std::uint16_t id = 0;
  std::string_view reasons;  // one byte for each filter
};
std::optional<Violation> decode_suback(const Frame& frame, Version version, SubackPacket& packet);

// PINGREQ and PINGRESP have neither flags nor body.
std::optional<Violation> decode_ping(const Frame& frame);

}  // namespace sluice::mqtt
