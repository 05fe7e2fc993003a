#include "drivers/mqtt/sink/broker_address.h"

#include "drivers/mqtt/endpoint.h"

namespace sluice::mqtt {

Result<BrokerAddress> parse_broker_address(std::string_view url) {
  constexpr std::string_view plain_scheme = "mqtt://";
  constexpr std::string_view secure_scheme = "mqtts://";
  const bool is_secure = url.starts_with(secure_scheme);
  if (!is_secure && !url.starts_with(plain_scheme)) {
    return Error{ErrorKind::bad_config,
                 "'" + std::string(url) + "' must start with mqtt:// or mqtts://"};
  }
  std::string place(url.substr(is_secure ? secure_scheme.size() : plain_scheme.size()));
  if (place.ends_with('/')) place.pop_back();
  TRY(parse_endpoint(std::string(plain_scheme) + place));
  return BrokerAddress{(is_secure ? "ssl://" : "tcp://") + place, is_secure};
}

}  // namespace sluice::mqtt
