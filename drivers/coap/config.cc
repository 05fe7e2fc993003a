#include "drivers/coap/config.h"

#include "drivers/coap/address.h"
#include "drivers/coap/path_pattern.h"

namespace sluice {

std::vector<Error> validate(const CoapSourceConfig& config) {
  std::vector<Error> errors;
  const auto require = [&errors](bool is_right, std::string message) {
    if (!is_right) errors.push_back({ErrorKind::bad_config, std::move(message)});
  };
  require(!config.listen.empty(), "listen: name at least one address, coap://ADDRESS:PORT");
  for (const std::string& url : config.listen) {
    const auto address = parse_coap_url(url);
    if (!address) errors.push_back(address.error());
  }
  require(!config.resources.empty(), "resources: name at least one path; \"#\" takes all");
  for (const std::string& pattern : config.resources) {
    require(is_path_pattern(pattern),
            "resources: \"" + pattern +
                "\": '+' and '#' stand for whole segments, and '#' only at the end");
  }
  require(config.max_body_bytes > 0, "max_body_bytes: must be at least 1");
  require(config.max_transfer_bytes >= config.max_body_bytes,
          "max_transfer_bytes: must hold one body of max_body_bytes");
  require(config.max_transfers > 0 && config.max_transfers_per_peer > 0,
          "max_transfers, max_transfers_per_peer: must be at least 1");
  require(config.max_exchanges > 0 && config.max_exchanges_per_peer > 0,
          "max_exchanges, max_exchanges_per_peer: must be at least 1");
  // Zero is "without bound" to libcoap.
  require(config.max_idle_sessions > 0, "max_idle_sessions: must be at least 1");
  require(config.session_timeout >= std::chrono::seconds(1),
          "session_timeout: must be at least 1s");
  require(config.transfer_timeout > Duration::zero(), "transfer_timeout: must be more than zero");
  require(
      config.empty_ack_after > Duration::zero() && config.empty_ack_after < std::chrono::seconds(2),
      "empty_ack_after: must lie between 0 and 2s, when clients send again");
  require(config.retry_after >= std::chrono::seconds(1), "retry_after: must be at least 1s");
  return errors;
}

}  // namespace sluice
