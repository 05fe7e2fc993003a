#include "drivers/coap/address.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::string read(std::string_view url) {
  const auto address = parse_coap_url(url);
  return address ? to_text(address->any) : address.error().message;
}

TEST(CoapAddress, Is_an_address_in_digits_with_a_port) {
  EXPECT_EQ(read("coap://127.0.0.1:1234"), "127.0.0.1:1234");
  EXPECT_EQ(read("coap://0.0.0.0"), "0.0.0.0:5683");
  EXPECT_EQ(read("coap://[::]:5683/"), "[::]:5683");
  EXPECT_EQ(read("coap://[2001:db8::1]"), "[2001:db8::1]:5683");
  EXPECT_EQ(read("coap://localhost:0"), "127.0.0.1:0");
}

TEST(CoapAddress, Anything_else_is_refused) {
  for (const auto* url :
       {"", "coap://", "coaps://127.0.0.1", "mqtt://127.0.0.1", "coap://example.com",
        "coap://127.0.0.1:", "coap://127.0.0.1:65536", "coap://127.0.0.1:5x", "coap://[::1",
        "coap://[::1]5683", "coap://::1", "coap://[127.0.0.1]", "coap://127.0.0.1/path"}) {
    const auto address = parse_coap_url(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().kind, ErrorKind::bad_config);
  }
}

TEST(CoapAddress, An_ipv4_peer_of_an_ipv6_socket_looks_like_ipv4) {
  auto address = parse_coap_url("coap://[::ffff:192.0.2.7]:99");
  ASSERT_TRUE(address);
  EXPECT_EQ(to_text(address->any), "192.0.2.7:99");
}

}  // namespace
}  // namespace sluice
