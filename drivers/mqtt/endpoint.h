// Endpoint: where an "mqtt://host:port" points to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice::mqtt {

struct Endpoint {
  std::string host;  // without the brackets of an IPv6 address
  std::uint16_t port = 1883;
};

// "mqtt://host", "mqtt://host:1883", "mqtt://[::1]:1883".
//   bad_config  another scheme, no host, or a port that is none
Result<Endpoint> parse_endpoint(std::string_view url);

std::string format_endpoint(const Endpoint& endpoint);

// "localhost", 127.0.0.0/8 and ::1: what no other machine can reach.
bool is_loopback(std::string_view host);

}  // namespace sluice::mqtt
