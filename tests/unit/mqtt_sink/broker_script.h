// A broker that does what the test says, packet by packet: for what a real one never does, or not
// when the test wants it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/unit/mqtt/socket_peer.h"

namespace sluice {

struct Packet {
  std::uint8_t first_byte = 0;  // type and flags; 0: the connection ended
  std::uint64_t size = 0;       // of the whole packet
  std::string body;             // behind the fixed header

  bool is_connect() const { return first_byte == 0x10; }
  bool is_publish() const { return first_byte == 0x32; }  // QoS 1, neither DUP nor RETAIN
  std::uint16_t packet_id() const;                        // of a PUBLISH
};

class BrokerScript {
 public:
  // Takes the next connection and its CONNECT, but does not answer.
  explicit BrokerScript(mqtt::FakeBroker& broker) : peer_(broker.accept()) { connect_ = next(); }

  const Packet& connect() const { return connect_; }
  // CONNACK with success and these properties, as bytes.
  void let_in(std::string_view properties = {});
  void refuse(std::uint8_t reason);  // CONNACK
  // The next packet but PINGREQ.
  Packet next();
  // Waits for the first byte of the next packet and takes it: no packet can be read after this.
  bool sees_bytes() { return !peer_.receive(1).empty(); }
  void acknowledge(std::uint16_t packet_id);
  void disconnect(std::uint8_t reason);
  bool is_closed_by_peer() { return peer_.is_closed_by_peer(); }

 private:
  mqtt::SocketPeer peer_;
  Packet connect_;
};

}  // namespace sluice
