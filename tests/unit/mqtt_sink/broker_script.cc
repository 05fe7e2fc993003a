#include "tests/unit/mqtt_sink/broker_script.h"

#include "core/result.h"

namespace sluice {
namespace {

constexpr std::uint8_t pingreq = 0xC0;

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::string text_of(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

}  // namespace

std::uint16_t Packet::packet_id() const {
  CHECK(is_publish());
  const std::size_t topic_bytes = std::size_t{byte_at(body, 0)} << 8 | byte_at(body, 1);
  const std::size_t at = 2 + topic_bytes;
  return static_cast<std::uint16_t>(byte_at(body, at) << 8 | byte_at(body, at + 1));
}

void BrokerScript::let_in(std::string_view properties) {
  const int length = static_cast<int>(properties.size());
  CHECK(length < 100);  // so that each length fits into one byte
  peer_.send(text_of({0x20, 3 + length, 0, 0, length}) + std::string(properties));
}

void BrokerScript::refuse(std::uint8_t reason) { peer_.send(text_of({0x20, 3, 0, reason, 0})); }

void BrokerScript::disconnect(std::uint8_t reason) { peer_.send(text_of({0xE0, 2, reason, 0})); }

void BrokerScript::acknowledge(std::uint16_t packet_id) {
  peer_.send(text_of({0x40, 2, packet_id >> 8, packet_id & 0xFF}));
}

Packet BrokerScript::next() {
  for (;;) {
    Packet packet;
    std::string header = peer_.receive(1);
    if (header.empty()) return packet;
    packet.first_byte = byte_at(header, 0);
    std::size_t length = 0;
    for (int shift = 0;; shift += 7) {
      const std::string digit = peer_.receive(1);
      if (digit.empty()) return {};
      header += digit;
      length |= (std::size_t{byte_at(digit, 0)} & 0x7F) << shift;
      if (byte_at(digit, 0) < 0x80) break;
    }
    packet.body = peer_.receive(length);
    packet.size = header.size() + packet.body.size();
    if (packet.first_byte != pingreq) return packet;
  }
}

}  // namespace sluice
