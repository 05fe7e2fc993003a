// What can be set for a CoAP source, with bounds on everything that a stranger's datagrams can
// fill.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace sluice {

struct CoapSourceConfig {
  // Where to listen, coap://ADDRESS:PORT; an address in digits, IPv6 in brackets; port 0: any free.
  std::vector<std::string> listen = {"coap://[::]:5683"};
  // Paths that take POST and PUT, as MQTT topic filters: "telemetry/+", "plant/#".
  std::vector<std::string> resources = {"#"};

  std::size_t max_body_bytes = std::size_t{64} * 1024;  // of one message, block by block or not

  // Block-wise bodies in progress.
  std::size_t max_transfers = 256;
  std::size_t max_transfers_per_peer = 4;
  std::size_t max_transfer_bytes = std::size_t{4} * 1024 * 1024;  // of all of them
  Duration transfer_timeout = std::chrono::seconds(60);           // since its last block

  // Exchanges remembered for 247 s, so that a retransmission is answered and not taken twice. A
  // waiting one counts too: more requests than this cannot be in flight.
  std::size_t max_exchanges = std::size_t{16} * 1024;
  std::size_t max_exchanges_per_peer = 256;

  // Peers that libcoap remembers without a request in flight; its cost per packet grows with them.
  unsigned max_idle_sessions = 200;
  Duration session_timeout = std::chrono::seconds(30);

  // After this silence a waiting request gets an empty acknowledgement, and its answer follows
  // separately. Below the 2 s after which a client sends again (RFC 7252 section 4.8).
  Duration empty_ack_after = std::chrono::milliseconds(500);
  // The Max-Age of 5.03: when a refused client should come back.
  Duration retry_after = std::chrono::seconds(5);

  // Of the socket, as far as the system lets us.
  std::size_t receive_buffer_bytes = std::size_t{4} * 1024 * 1024;
};

// All that is wrong with it, one Error (bad_config) each; none: it can work.
std::vector<Error> validate(const CoapSourceConfig& config);

}  // namespace sluice
