#include "drivers/mqtt/sink/batch_message.h"

namespace sluice::mqtt {
namespace {

// Variable Byte Integer, section 1.5.5: seven bits a byte.
std::uint64_t variable_length_bytes(std::uint64_t value) {
  std::uint64_t bytes = 1;
  while (value >= 128) {
    value /= 128;
    ++bytes;
  }
  return bytes;
}

std::uint64_t text_bytes(std::string_view text) { return 2 + text.size(); }  // length, then text

}  // namespace

std::vector<UserProperty> user_properties(const OutgoingBatch& batch) {
  std::vector<UserProperty> properties{{"idempotency-key", batch.id}};
  if (!batch.content_encoding.empty()) {
    properties.push_back({"content-encoding", batch.content_encoding});
  }
  return properties;
}

std::uint64_t publish_packet_bytes(std::string_view topic, const OutgoingBatch& batch) {
  constexpr std::uint64_t identifier_bytes = 1;  // before each property
  constexpr std::uint64_t packet_id_bytes = 2;
  std::uint64_t properties = identifier_bytes + text_bytes(batch.content_type);
  for (const auto& [name, value] : user_properties(batch)) {
    properties += identifier_bytes + text_bytes(name) + text_bytes(value);
  }
  const std::uint64_t remaining = text_bytes(topic) + packet_id_bytes +
                                  variable_length_bytes(properties) + properties +
                                  batch.body.size();
  return 1 + variable_length_bytes(remaining) + remaining;
}

}  // namespace sluice::mqtt
