// How connections end, and what is published then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/mqtt/server_fixture.h"

namespace sluice::mqtt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string connect_with_will(std::string_view client_id, std::uint32_t delay_s,
                              std::uint32_t expiry_s) {
  std::string will_properties;
  if (delay_s > 0) will_properties = std::string{'\x18', '\0', '\0'} + two_bytes(delay_s);
  const std::string session = std::string{'\x11', '\0', '\0'} + two_bytes(expiry_s);
  std::string body = text_field("MQTT") + '\5' + '\4' + two_bytes(60);
  body += static_cast<char>(session.size()) + session + text_field(client_id);
  body += static_cast<char>(will_properties.size()) + will_properties;
  body += text_field("plant/gone") + text_field("bye");
  return packet(0x10, body);
}

class WillTest : public testing::Test {
 protected:
  void connect(std::uint32_t delay_s, std::uint32_t expiry_s) {
    device = std::make_unique<Device>(gateway);
    device->connect(connect_with_will("d1", delay_s, expiry_s));
  }
  Gateway gateway;
  std::unique_ptr<Device> device;
};

TEST_F(WillTest, A_broken_connection_publishes_it) {
  connect(0, 0);
  device.reset();
  gateway.commit();
  EXPECT_THAT(gateway.events(), ElementsAre("bye"));
}

TEST_F(WillTest, A_violation_publishes_it) {
  connect(0, 0);
  device->send(packet(0x00, ""));
  gateway.commit();
  EXPECT_THAT(gateway.events(), ElementsAre("bye"));
}

TEST_F(WillTest, A_normal_DISCONNECT_takes_it_back) {
  connect(0, 0);
  device->send(disconnect(Reason::success));
  device.reset();
  gateway.commit();
  EXPECT_THAT(gateway.events(), IsEmpty());
}

TEST_F(WillTest, DISCONNECT_with_will_message_publishes_it) {
  connect(0, 0);
  device->send(disconnect(Reason::disconnect_with_will));
  gateway.commit();
  EXPECT_THAT(gateway.events(), ElementsAre("bye"));
}

TEST_F(WillTest, It_waits_for_its_delay) {
  connect(5, 100);
  device.reset();
  gateway.core().table.tick();
  gateway.commit();
  EXPECT_THAT(gateway.events(), IsEmpty());
  gateway.advance(std::chrono::seconds(5));
  gateway.core().table.tick();
  gateway.commit();
  EXPECT_THAT(gateway.events(), ElementsAre("bye"));
}

TEST_F(WillTest, Who_is_back_before_the_delay_is_not_gone) {
  connect(5, 100);
  device.reset();
  gateway.advance(std::chrono::seconds(4));
  device = std::make_unique<Device>(gateway);
  device->connect(connect_5("d1", false, 100));
  gateway.advance(std::chrono::seconds(4));
  gateway.core().table.tick();
  gateway.commit();
  EXPECT_THAT(gateway.events(), IsEmpty());
}

TEST_F(WillTest, The_end_of_the_session_does_not_wait_for_the_delay) {
  connect(60, 10);
  device.reset();
  gateway.advance(std::chrono::seconds(10));
  gateway.core().table.tick();
  gateway.commit();
  EXPECT_THAT(gateway.events(), ElementsAre("bye"));
}

TEST(SessionEnd, The_first_packet_must_be_CONNECT) {
  Gateway gateway;
  for (const std::string& first : {ping(), publish({}), std::string("GET / HTTP/1.1\r\n")}) {
    Device device(gateway);
    EXPECT_EQ(device.send(first), "");
    EXPECT_TRUE(device.is_closed());
  }
  EXPECT_EQ(gateway.refused("malformed"), 3U);
}

TEST(SessionEnd, A_second_CONNECT_is_a_violation) {
  Gateway gateway;
  Device device(gateway);
  device.connect(connect_5("d1"));
  EXPECT_EQ(device.send(connect_5("d1")), disconnect(Reason::protocol_error));
  EXPECT_TRUE(device.is_closed());
}

TEST(SessionEnd, Nothing_is_taken_or_answered_after_the_end) {
  Gateway gateway;
  Device device(gateway);
  device.connect(connect_3("d1"));
  device.send(publish({.payload = "a", .qos = 1, .id = 1}) +
              disconnect(Reason::success, Version::v3_1_1) +
              publish({.payload = "b", .qos = 1, .id = 2}));
  EXPECT_TRUE(device.is_closed());
  EXPECT_EQ(device.after_commit(), "");
  EXPECT_THAT(gateway.events(), ElementsAre("a"));
}

TEST(SessionEnd, A_version_that_is_not_spoken_is_refused_and_counted) {
  Gateway gateway;
  Device device(gateway);
  std::string body = text_field("MQIsdp") + '\3' + '\2' + two_bytes(60) + text_field("d1");
  EXPECT_EQ(device.send(packet(0x10, body)), packet(0x20, std::string{'\0', '\1'}));
  EXPECT_EQ(gateway.refused("protocol_version"), 1U);
}

}  // namespace
}  // namespace sluice::mqtt
