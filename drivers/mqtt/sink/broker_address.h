// BrokerAddress: where "mqtt://host:port" and "mqtts://host:port" point to, in Paho's words.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice::mqtt {

struct BrokerAddress {
  std::string uri;         // "tcp://host:port" or, for mqtts://, "ssl://host:port"
  bool is_secure = false;  // over TLS
};

// Without a port Paho takes 1883 or, over TLS, 8883.
//   bad_config  another scheme, no host, or a port that is none
Result<BrokerAddress> parse_broker_address(std::string_view url);

}  // namespace sluice::mqtt
