// Endpoint: scheme://host:port of a gateway or a receiver. IPv6 hosts stand in brackets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice::sim {

struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = 0;

  std::string authority() const;  // "127.0.0.1:1883", "[::1]:1883"
};

// Reads "mqtt://host:port", or "host:port" when `scheme` is empty.   bad_config  it is neither
Result<Endpoint> parse_endpoint(std::string_view url, std::string_view scheme);

}  // namespace sluice::sim
