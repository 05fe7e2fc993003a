// TopicAliases: the short numbers that a sender gave its topics (MQTT 5, 3.3.2.3.4). They live as
// long as the connection.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/mqtt/packet.h"

namespace sluice::mqtt {

class TopicAliases {
 public:
  explicit TopicAliases(std::uint16_t maximum) : maximum_(maximum) {}

  // The topic of a PUBLISH, by its name or its alias; remembers a new alias. Empty: an alias that
  // was never set, or beyond the maximum. The text lives until the alias is set anew.
  std::string_view resolve(const PublishPacket& packet) {
    const std::uint16_t alias = packet.properties.topic_alias;
    if (alias == 0) return packet.topic;
    if (alias > maximum_) return {};
    if (topics_.size() < alias) topics_.resize(alias);
    std::string& topic = topics_[alias - 1];
    if (!packet.topic.empty()) topic = packet.topic;
    return topic;
  }

 private:
  std::uint16_t maximum_;
  std::vector<std::string> topics_;  // by alias, less one
};

}  // namespace sluice::mqtt
