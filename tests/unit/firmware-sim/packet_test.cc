#include "firmware-sim/fleet/packet.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/arena.h"
#include "drivers/codecs/decoder_factory.h"
#include "drivers/codecs/json.h"
#include "drivers/codecs/senml.h"
#include "firmware-sim/node/mqtt_client.h"

namespace sluice::sim {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

Bytes publish(std::uint16_t id, const std::string& payload) {
  Bytes bytes(1024);
  NodeWriter writer = node_writer(bytes.data(), bytes.size());
  const Bytes content = bytes_of(payload);
  node_mqtt_put_publish(&writer, "plant/dev-7", id, false, content.data(), content.size());
  bytes.resize(writer.size);
  return bytes;
}

TEST(Packet, The_payload_of_a_publish_is_found_whatever_its_length) {
  for (const std::size_t size : {1U, 100U, 110U, 130U, 900U}) {
    const Bytes packet = publish(7, std::string(size, 'x'));
    EXPECT_EQ(payload_of(Protocol::mqtt, packet), packet.size() - size);
  }
  EXPECT_FALSE(payload_of(Protocol::mqtt, Bytes{0xC0, 0}));
}

TEST(Packet, The_payload_of_a_post_is_found) {
  Bytes post = {0x44, 0x02, 0, 1, 9, 9, 9, 9, 0xB1, 'a', 0xFF, '{', '}'};
  EXPECT_EQ(payload_of(Protocol::coap, post), 11U);
  post[1] = 0x44;  // an answer
  EXPECT_FALSE(payload_of(Protocol::coap, post));
  EXPECT_FALSE(payload_of(Protocol::coap, Bytes{0x60, 0, 0, 1}));
}

TEST(Packet, A_second_publish_differs_in_its_id_alone) {
  for (const std::uint16_t id : std::vector<std::uint16_t>{1, 0x8000, 0x7FFF, 0xFFFF}) {
    Bytes second = publish(id, "{}");
    change_packet_id(second);
    const std::uint16_t other = id == 0x8000 ? 1 : static_cast<std::uint16_t>(id ^ 0x8000);
    EXPECT_EQ(second, publish(other, "{}")) << id;
  }
}

// The gateway's own decoders are the judges.
bool decodes(Format format, const Bytes& payload) {
  Message message;
  const std::string text(payload.begin(), payload.end());
  message.payload = text;
  message.content_type = format == Format::senml_cbor ? "application/senml+cbor" : "";
  Arena arena;
  std::vector<Event> events;
  if (format == Format::json) return JsonDecoder().decode(message, true, arena, events).is_ok();
  return SenmlDecoder().decode(message, true, arena, events).is_ok();
}

TEST(Packet, A_spoilt_payload_keeps_its_length_and_never_decodes) {
  const std::vector<std::pair<Format, Bytes>> sound = {
      {Format::json, bytes_of(R"({"device":"dev-7","boot":1,"seq":17,"temperature":21.37})")},
      {Format::senml_json, bytes_of(R"([{"bn":"dev-7/","n":"seq","v":17}])")},
      {Format::senml_cbor, {0x81, 0xA2, 0x00, 0x61, 'a', 0x02, 0x05}}};
  for (const auto& [format, payload] : sound) {
    EXPECT_TRUE(decodes(format, payload));
    for (std::uint64_t which = 0; which < 4; ++which) {
      Bytes spoilt = payload;
      spoil(spoilt, format, which);
      EXPECT_EQ(spoilt.size(), payload.size());
      EXPECT_FALSE(decodes(format, spoilt)) << static_cast<int>(format) << ' ' << which;
    }
  }
}

}  // namespace
}  // namespace sluice::sim
