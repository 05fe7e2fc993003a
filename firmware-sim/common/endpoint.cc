#include "firmware-sim/common/endpoint.h"

#include <charconv>

namespace sluice::sim {

std::string Endpoint::authority() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view url, std::string_view scheme) {
  const std::string prefix = scheme.empty() ? std::string() : std::string(scheme) + "://";
  const Error error{ErrorKind::bad_config,
                    "'" + std::string(url) + "' is not of the form " + prefix + "host:port"};
  std::string_view rest = url;
  if (!rest.starts_with(prefix)) return error;
  rest.remove_prefix(prefix.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);

  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return error;
  std::string_view host = rest.substr(0, colon);
  const std::string_view digits = rest.substr(colon + 1);
  if (host.starts_with('[') != host.ends_with(']')) return error;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);

  Endpoint endpoint;
  endpoint.host = host;
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, endpoint.port);
  if (host.empty() || parsed.ec != std::errc() || parsed.ptr != end) return error;
  return endpoint;
}

}  // namespace sluice::sim
