#include "drivers/mqtt/sink/mqtt_sink_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/fields.h"
#include "drivers/mqtt/sink/broker_address.h"
#include "tests/unit/config/fixture.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Read = Reading<MqttSinkConfig>;

TEST(MqttSinkConfig, Address_and_topic_are_enough) {
  const Read read("url = \"mqtt://broker\"\ntopic = \"plants/7/events\"");
  EXPECT_TRUE(read.is_good);
  EXPECT_EQ(read.value.topic, "plants/7/events");
  EXPECT_EQ(read.value.max_in_flight, 10);
}

TEST(MqttSinkConfig, All_that_is_wrong_is_reported_at_once) {
  const Read read(
      "url = \"http://broker\"\ntopic = \"plants/+/events\"\nmax_in_flight = 101\nkeep_alive = "
      "\"1ms\"");
  EXPECT_FALSE(read.is_good);
  EXPECT_THAT(read.lines(), ElementsAre(HasSubstr("must start with mqtt:// or mqtts://"),
                                        HasSubstr("must be a topic name"), HasSubstr("1 to 100"),
                                        HasSubstr("\"1s\" to \"18h\"")));
}

TEST(MqttSinkConfig, A_password_needs_a_user) {
  const Read read("url = \"mqtt://b\"\ntopic = \"t\"\npassword = \"secret\"");
  EXPECT_FALSE(read.is_good);
  EXPECT_THAT(read.lines(), ElementsAre(HasSubstr("'password' needs 'username'")));
}

TEST(MqttSinkConfig, Default_names_differ_and_stay_short) {
  const std::string name = default_client_id();
  EXPECT_NE(name, default_client_id());
  EXPECT_EQ(name.size(), 15U);  // 23 is what every broker takes
}

TEST(BrokerAddress, Both_schemes_are_known_and_a_port_is_checked) {
  EXPECT_EQ(mqtt::parse_broker_address("mqtt://10.0.0.1:1884")->uri, "tcp://10.0.0.1:1884");
  EXPECT_FALSE(mqtt::parse_broker_address("mqtt://10.0.0.1:1884")->is_secure);
  EXPECT_EQ(mqtt::parse_broker_address("mqtts://b.example.com/")->uri, "ssl://b.example.com");
  EXPECT_EQ(mqtt::parse_broker_address("mqtts://[::1]:8883")->uri, "ssl://[::1]:8883");
  EXPECT_TRUE(mqtt::parse_broker_address("mqtts://[::1]:8883")->is_secure);
  for (const char* wrong :
       {"broker:1883", "mqtt://", "mqtts://h:99999", "mqtts://::1", "tcp://h"}) {
    EXPECT_FALSE(mqtt::parse_broker_address(wrong).is_ok()) << wrong;
  }
}

}  // namespace
}  // namespace sluice
