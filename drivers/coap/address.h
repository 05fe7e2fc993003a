// Addresses of CoAP endpoints and peers, as text and as sockets have them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// "coap://127.0.0.1:5683", "coap://[::]" (port 5683), "coap://localhost:0".
//   bad_config  another scheme, a host name, a bad port
Result<SocketAddress> parse_coap_url(std::string_view url);

std::uint16_t port_of(const SocketAddress& address);
void set_port(SocketAddress& address, std::uint16_t port);

// "192.0.2.1:5683" or "[2001:db8::1]:5683"; an IPv4 peer on an IPv6 socket looks like IPv4.
std::string to_text(const sockaddr& address);

}  // namespace sluice
