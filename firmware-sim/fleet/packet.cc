#include "firmware-sim/fleet/packet.h"

#include <algorithm>
#include <string_view>

#include "firmware-sim/node/coap_message.h"

namespace sluice::sim {
namespace {

constexpr std::uint8_t connect_type = 1;
constexpr std::uint8_t publish_type = 3;

// The packet id of a PUBLISH at QoS 1: behind the length and the topic (MQTT 3.1.1 section 3.3).
std::size_t packet_id_at(std::span<const std::uint8_t> publish) {
  std::size_t at = 1;
  while ((publish[at] & 0x80) != 0) ++at;
  ++at;
  const std::size_t topic = std::size_t{publish[at]} << 8 | publish[at + 1];
  return at + 2 + topic;
}

}  // namespace

std::optional<std::size_t> payload_of(Protocol protocol, std::span<const std::uint8_t> packet) {
  if (protocol == Protocol::mqtt) {
    if (packet[0] >> 4 != publish_type) return std::nullopt;
    return packet_id_at(packet) + 2;
  }
  NodeCoapMessage message;
  const bool is_post = node_coap_decode(packet.data(), packet.size(), &message) == node_coap_ok &&
                       message.code == node_coap_post;
  if (!is_post) return std::nullopt;
  return packet.size() - message.payload_size;
}

void spoil(std::span<std::uint8_t> payload, Format format, std::uint64_t which) {
  if (format == Format::senml_cbor) {
    payload[0] = 0xFF;  // "break", with nothing to break
    return;
  }
  constexpr std::string_view complaint = "ERR sensor";
  const auto half = static_cast<std::ptrdiff_t>(payload.size() / 2);
  switch (which % 4) {
    case 0:
      std::fill(payload.begin() + half, payload.end(), ' ');
      return;
    case 1:
      std::copy_n(complaint.begin(), std::min(complaint.size(), payload.size()), payload.begin());
      return;
    case 2:
      payload.back() = '!';
      return;
    default:
      *std::min(std::find(payload.begin(), payload.end(), '"') + 1, payload.end() - 1) = 0xB0;
      return;
  }
}

void change_packet_id(std::span<std::uint8_t> publish) {
  // The other half of the ids: the sensor's own gets there after 32,768 more messages. 0 is none.
  std::uint8_t* const id = &publish[packet_id_at(publish)];
  id[0] ^= 0x80;
  if (id[0] == 0 && id[1] == 0) id[1] = 1;
}

bool is_connect(Protocol protocol, std::span<const std::uint8_t> packet) {
  return protocol == Protocol::mqtt && packet[0] >> 4 == connect_type;
}

}  // namespace sluice::sim
