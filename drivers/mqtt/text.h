// Texts, topic names and topic filters of MQTT.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::mqtt {

// UTF-8 without U+0000 [MQTT-1.5.4-1, 2], and without control characters and non-characters, which
// a receiver may refuse (section 1.5.4) and no sensor needs.
bool is_text(std::string_view text);

// The number of levels of a topic name ("a/b" has two); 0 when it is empty or has a wildcard
// [MQTT-3.3.2-2].
std::size_t topic_levels(std::string_view topic);

// A filter with its wildcards where they may be (section 4.7.1), also "$share/group/filter".
bool is_topic_filter(std::string_view filter);
bool is_shared_filter(std::string_view filter);

// Topics that are the server's own: a device may not publish there.
//   "$SYS/..."      except "$SYS/broker/connection/NAME/state": a Mosquitto bridge says so that it
//   is up
//   "$CONTROL/..."
bool is_server_topic(std::string_view topic);

}  // namespace sluice::mqtt
