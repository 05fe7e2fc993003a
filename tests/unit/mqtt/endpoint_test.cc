#include "drivers/mqtt/endpoint.h"

#include <gtest/gtest.h>

#include "drivers/mqtt/listener.h"
#include "drivers/mqtt/subscriber.h"

namespace sluice {
namespace {

TEST(MqttEndpoint, It_reads_hosts_ports_and_brackets) {
  const auto check = [](std::string_view url, std::string_view host, int port) {
    const auto endpoint = mqtt::parse_endpoint(url);
    ASSERT_TRUE(endpoint.is_ok()) << url;
    EXPECT_EQ(endpoint->host, host);
    EXPECT_EQ(endpoint->port, port);
  };
  check("mqtt://broker", "broker", 1883);
  check("mqtt://broker:0", "broker", 0);
  check("mqtt://10.0.0.1:65535/", "10.0.0.1", 65535);
  check("mqtt://[::1]", "::1", 1883);
  check("mqtt://[::1]:1884", "::1", 1884);
}

TEST(MqttEndpoint, What_is_no_address_is_refused) {
  for (const char* bad :
       {"", "broker", "http://broker", "mqtts://broker", "mqtt://", "mqtt://:1883",
        "mqtt://a:", "mqtt://a:x", "mqtt://a:65536", "mqtt://a:1 ", "mqtt://::1", "mqtt://[::1",
        "mqtt://[::1]x", "mqtt://a/b"}) {
    const auto endpoint = mqtt::parse_endpoint(bad);
    ASSERT_FALSE(endpoint.is_ok()) << bad;
    EXPECT_EQ(endpoint.error().kind, ErrorKind::bad_config);
  }
}

TEST(MqttEndpoint, It_is_written_as_it_is_read) {
  for (const char* url : {"mqtt://broker:1883", "mqtt://[fe80::1]:7"}) {
    EXPECT_EQ(mqtt::format_endpoint(*mqtt::parse_endpoint(url)), url);
  }
}

TEST(MqttListenerConfig, Without_users_only_loopback_is_listened_on) {
  for (const char* url :
       {"mqtt://127.0.0.1", "mqtt://127.9.9.9", "mqtt://[::1]", "mqtt://localhost"}) {
    EXPECT_TRUE(validate(MqttListenerConfig{.listen = {url}, .limits = {}}).is_ok()) << url;
  }
  for (const char* url :
       {"mqtt://0.0.0.0", "mqtt://[::]", "mqtt://192.168.1.1", "mqtt://sensorhub"}) {
    const auto refused =
        validate(MqttListenerConfig{.listen = {"mqtt://127.0.0.1", url}, .limits = {}});
    ASSERT_FALSE(refused.is_ok()) << url;
    EXPECT_EQ(refused.error().kind, ErrorKind::bad_config);
    EXPECT_NE(refused.error().message.find("anonymous = true"), std::string::npos);
    EXPECT_TRUE(
        validate(MqttListenerConfig{.listen = {url}, .anonymous = true, .limits = {}}).is_ok())
        << url;
  }
}

TEST(MqttListenerConfig, Limits_have_bounds) {
  const auto is_valid = [](const MqttLimits& limits) {
    return validate(MqttListenerConfig{.limits = limits}).is_ok();
  };
  EXPECT_TRUE(is_valid({}));
  EXPECT_FALSE(is_valid({.max_connections = 0}));
  EXPECT_FALSE(is_valid({.max_packet_bytes = 128 * 1024 + 1}));
  EXPECT_FALSE(is_valid({.max_in_flight = 0}));
  EXPECT_FALSE(is_valid({.max_client_id_bytes = 191}));
}

TEST(MqttSubscriberConfig, Filters_and_bounds_are_checked) {
  MqttSubscriberConfig good;
  good.url = "mqtt://broker";
  good.topics = {"a/#", "$share/g/b/+"};
  EXPECT_TRUE(validate(good).is_ok());
  const auto with = [&](auto change) {
    MqttSubscriberConfig config = good;
    change(config);
    return validate(config).is_ok();
  };
  EXPECT_FALSE(with([](auto& config) { config.topics = {}; }));
  EXPECT_FALSE(with([](auto& config) { config.topics = {"a#"}; }));
  EXPECT_FALSE(with([](auto& config) { config.url = "mqtt://broker:0"; }));
  EXPECT_FALSE(with([](auto& config) { config.qos = 3; }));
  EXPECT_FALSE(with([](auto& config) { config.password = "x"; }));
  EXPECT_FALSE(with([](auto& config) { config.receive_maximum = 0; }));
  EXPECT_FALSE(with([](auto& config) { config.keep_alive = std::chrono::hours(20); }));
}

}  // namespace
}  // namespace sluice
