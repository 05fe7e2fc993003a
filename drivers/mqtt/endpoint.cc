#include "drivers/mqtt/endpoint.h"

#include <arpa/inet.h>

#include <charconv>

namespace sluice::mqtt {
namespace {

constexpr std::string_view scheme = "mqtt://";

Error refuse(std::string_view url, std::string_view why) {
  std::string message = "'";
  message += url;
  message += "': ";
  message += why;
  return Error{ErrorKind::bad_config, std::move(message)};
}

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view url) {
  if (url.starts_with("mqtts://"))
    return refuse(url, "mqtts is not supported yet, use mqtt://host:port");
  if (!url.starts_with(scheme)) return refuse(url, "an address has the form mqtt://host:port");
  std::string_view rest = url.substr(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  Endpoint endpoint;
  std::string_view port;
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return refuse(url, "'[' without ']'");
    endpoint.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ':')
      return refuse(url, "only a port may follow the address");
    port = rest;
  } else {
    const std::size_t colon = rest.find(':');
    endpoint.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon);
    if (port.find(':', 1) != std::string_view::npos)
      return refuse(url, "an IPv6 address stands in brackets");
  }
  if (endpoint.host.empty()) return refuse(url, "the host is missing");
  if (endpoint.host.find('/') != std::string::npos)
    return refuse(url, "a path has no meaning here");
  if (port.empty()) return endpoint;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size() || port.empty()) {
    return refuse(url, "the port is not a number from 0 to 65535");
  }
  return endpoint;
}

std::string format_endpoint(const Endpoint& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  std::string url(scheme);
  url += is_v6 ? "[" + endpoint.host + "]" : endpoint.host;
  return url + ":" + std::to_string(endpoint.port);
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, text.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace sluice::mqtt
