#include "drivers/coap/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace sluice {
namespace {

constexpr std::uint16_t default_port = 5683;

Error bad_url(std::string_view url, std::string_view why) {
  return Error{ErrorKind::bad_config, "listen: \"" + std::string(url) + "\": " + std::string(why)};
}

template <typename Address>
std::string host_text(int family, const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  CHECK(inet_ntop(family, &address, text.data(), text.size()) != nullptr);
  return text.data();
}

}  // namespace

Result<SocketAddress> parse_coap_url(std::string_view url) {
  constexpr std::string_view scheme = "coap://";
  if (!url.starts_with(scheme)) return bad_url(url, "must begin with coap://");
  std::string_view rest = url.substr(scheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);

  const bool is_bracketed = rest.starts_with('[');
  const std::size_t host_end = is_bracketed ? rest.find(']') : rest.find(':');
  if (is_bracketed && host_end == std::string_view::npos) return bad_url(url, "']' is missing");
  std::string host(is_bracketed ? rest.substr(1, host_end - 1) : rest.substr(0, host_end));
  if (host == "localhost") host = "127.0.0.1";
  rest.remove_prefix(std::min(host_end, rest.size()));
  if (is_bracketed) rest.remove_prefix(1);

  std::uint16_t port = default_port;
  if (!rest.empty()) {
    const auto* const end = rest.data() + rest.size();
    const auto read = std::from_chars(rest.data() + 1, end, port);
    if (rest.front() != ':' || read.ec != std::errc() || read.ptr != end) {
      return bad_url(url, "the port must be a number up to 65535");
    }
  }
  SocketAddress address;
  std::memset(&address, 0, sizeof address);
  address.any.sa_family = is_bracketed ? AF_INET6 : AF_INET;
  void* const bits = is_bracketed ? static_cast<void*>(&address.v6.sin6_addr)
                                  : static_cast<void*>(&address.v4.sin_addr);
  if (inet_pton(address.any.sa_family, host.c_str(), bits) != 1) {
    return bad_url(url, "the address must be in digits, IPv6 in brackets, or localhost");
  }
  set_port(address, port);
  return address;
}

std::uint16_t port_of(const SocketAddress& address) {
  return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

void set_port(SocketAddress& address, std::uint16_t port) {
  (address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port) = htons(port);
}

std::string to_text(const sockaddr& address) {
  if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    const std::string port = ":" + std::to_string(ntohs(v6.sin6_port));
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      in_addr v4{};
      std::memcpy(&v4, &v6.sin6_addr.s6_addr[12], sizeof v4);
      return host_text(AF_INET, v4) + port;
    }
    return "[" + host_text(AF_INET6, v6.sin6_addr) + "]" + port;
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  return host_text(AF_INET, v4.sin_addr) + ":" + std::to_string(ntohs(v4.sin_port));
}

}  // namespace sluice
