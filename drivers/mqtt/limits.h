// Limits: a bound on everything that a peer can make us keep.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "core/clock.h"

namespace sluice {

struct MqttLimits {
  std::size_t max_connections = 10'000;
  // Client identifiers whose sessions we remember, connected or not.
  std::size_t max_sessions = 20'000;
  // A stored record is at most 128 KiB, so a larger message could not be kept.
  std::size_t max_packet_bytes = std::size_t{128} * 1024;
  // QoS 1 and 2 messages of one connection that are not acknowledged yet (MQTT 5 Receive Maximum).
  std::uint16_t max_in_flight = 1024;
  std::size_t max_topic_bytes = 1024;
  std::size_t max_topic_levels = 64;
  std::size_t max_client_id_bytes = 128;  // at most 190: it is part of a key in the store
  std::uint16_t max_topic_aliases = 32;
  Duration connect_timeout = std::chrono::seconds(10);
  // The longest silence that an MQTT 5 client may ask for; it is told so. 3.1.1 has no way to tell.
  Duration max_keep_alive = std::chrono::hours(1);
  // How long the session of an absent client is kept; also for 3.1.1, which sets no end.
  Duration max_session_expiry = std::chrono::hours(24 * 7);
  // What one connection may leave unread by its peer.
  std::size_t max_output_bytes = std::size_t{256} * 1024;
  // While messages are withheld: what one sender that has no Receive Maximum (3.1.1, or QoS 0) may
  // still hand over before it is not read any more, and what all senders together may.
  std::size_t max_withheld_bytes_per_connection = std::size_t{16} * 1024;
  std::size_t max_withheld_bytes = std::size_t{8} * 1024 * 1024;
};

}  // namespace sluice
