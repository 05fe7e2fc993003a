// The PUBLISH packet that carries a batch: its properties, and its size on the wire.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "drivers/sink.h"

namespace sluice::mqtt {

struct UserProperty {
  std::string_view name;
  std::string_view value;
};

// What travels beside the body and the content type. Views into `batch`.
std::vector<UserProperty> user_properties(const OutgoingBatch& batch);

// Bytes of the whole packet at QoS 1 (MQTT 5, section 3.3): what a broker compares with its Maximum
// Packet Size.
std::uint64_t publish_packet_bytes(std::string_view topic, const OutgoingBatch& batch);

}  // namespace sluice::mqtt
