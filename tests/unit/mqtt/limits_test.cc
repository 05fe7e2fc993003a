// Every bound holds, and what is turned away is counted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mqtt/server_fixture.h"

namespace sluice::mqtt {
namespace {

using testing::ElementsAre;

TEST(MqttLimits, A_packet_that_is_too_large_is_refused_before_it_has_come) {
  Gateway gateway(MqttLimits{.max_packet_bytes = 1024});
  Device device(gateway);
  device.connect(connect_5("d1"));
  const std::string header{'\x30', '\x80', '\x10'};
  EXPECT_EQ(device.send(header), disconnect(Reason::packet_too_large));
  EXPECT_TRUE(device.is_closed());
  EXPECT_EQ(gateway.refused("packet_too_large"), 1U);
}

TEST(MqttLimits, A_client_id_that_is_too_long_is_refused) {
  Gateway gateway(MqttLimits{.max_client_id_bytes = 30});
  Device old_device(gateway);
  EXPECT_EQ(old_device.send(connect_3(std::string(31, 'x'))),
            packet(0x20, std::string{'\0', '\2'}));
  Device device(gateway);
  EXPECT_EQ(device.send(connect_5(std::string(31, 'x'))),
            packet(0x20, std::string{'\0', '\x85', '\0'}));
  EXPECT_EQ(gateway.refused("client_id"), 2U);
}

TEST(MqttLimits, A_topic_that_is_too_long_is_refused_by_its_acknowledgement) {
  Gateway gateway(MqttLimits{.max_topic_bytes = 10, .max_topic_levels = 3});
  Device device(gateway);
  device.connect(connect_5("d1"));
  EXPECT_EQ(device.send(publish({.topic = "elevenbytes", .qos = 1, .id = 1}, Version::v5)),
            ack(PacketType::puback, 1, Reason::topic_name_invalid, Version::v5));
  EXPECT_EQ(device.send(publish({.topic = "a/b/c/d", .qos = 2, .id = 2}, Version::v5)),
            ack(PacketType::pubrec, 2, Reason::topic_name_invalid, Version::v5));
  EXPECT_EQ(device.send(publish({.topic = "a/b/c", .qos = 1, .id = 3}, Version::v5)), "");
  EXPECT_EQ(gateway.refused("topic"), 2U);
}

// 3.1.1 has no refusal: an answer would be taken for an acknowledgement.
TEST(MqttLimits, An_old_device_with_a_topic_that_is_too_long_is_disconnected) {
  Gateway gateway(MqttLimits{.max_topic_bytes = 10});
  Device device(gateway);
  device.connect(connect_3("d1"));
  EXPECT_EQ(device.send(publish({.topic = "elevenbytes", .qos = 1, .id = 1})), "");
  EXPECT_TRUE(device.is_closed());
  EXPECT_EQ(gateway.uncommitted(), 0U);
}

TEST(MqttLimits, More_in_flight_than_the_Receive_Maximum_ends_an_MQTT_5_connection) {
  Gateway gateway(MqttLimits{.max_in_flight = 2});
  Device device(gateway);
  device.connect(connect_5("d1"));
  device.send(publish({.qos = 1, .id = 1}, Version::v5) +
              publish({.qos = 2, .id = 2}, Version::v5));
  EXPECT_FALSE(device.is_closed());
  EXPECT_EQ(device.send(publish({.qos = 1, .id = 3}, Version::v5)),
            disconnect(Reason::receive_maximum_exceeded));
  EXPECT_EQ(gateway.refused("in_flight"), 1U);
}

TEST(MqttLimits, An_acknowledgement_makes_room_in_flight) {
  Gateway gateway(MqttLimits{.max_in_flight = 2});
  Device device(gateway);
  device.connect(connect_5("d1"));
  for (std::uint16_t id = 1; id < 100; ++id) {
    device.send(publish({.qos = 1, .id = id}, Version::v5));
    device.send(publish({.qos = 2, .id = 1000U + id}, Version::v5));
    EXPECT_EQ(device.after_commit(), puback(id) + pubrec(static_cast<std::uint16_t>(1000 + id)));
    EXPECT_EQ(device.send(pubrel(static_cast<std::uint16_t>(1000 + id))),
              pubcomp(static_cast<std::uint16_t>(1000 + id)));
  }
  EXPECT_FALSE(device.is_closed());
}

TEST(MqttLimits, An_old_device_over_the_bound_is_not_read_until_it_is_acknowledged) {
  Gateway gateway(MqttLimits{.max_in_flight = 2});
  Device device(gateway);
  device.connect(connect_3("d1"));
  const std::string third = publish({.payload = "c", .qos = 1, .id = 3});
  device.send(publish({.payload = "a", .qos = 1, .id = 1}) +
              publish({.payload = "b", .qos = 1, .id = 2}) + third);
  EXPECT_EQ(device.unread(), third.size());
  EXPECT_TRUE(device.session().is_blocked());
  EXPECT_EQ(device.after_commit(), puback(1) + puback(2));
  EXPECT_EQ(device.unread(), 0U);
  EXPECT_EQ(device.after_commit(), puback(3));
  EXPECT_THAT(gateway.events(), ElementsAre("a", "b", "c"));
}

TEST(MqttLimits, There_may_be_only_so_many_sessions) {
  Gateway gateway(MqttLimits{.max_sessions = 1});
  Device first(gateway);
  first.connect(connect_3("d1"));
  Device second(gateway);
  EXPECT_EQ(second.send(connect_3("d2")), packet(0x20, std::string{'\0', '\3'}));
  Device third(gateway);
  EXPECT_EQ(third.send(connect_5("d3")), packet(0x20, std::string{'\0', '\x88', '\0'}));
  EXPECT_EQ(gateway.refused("too_many_sessions"), 2U);
}

TEST(MqttLimits, CONNECT_must_come_in_time) {
  Gateway gateway;
  Device device(gateway);
  gateway.advance(std::chrono::seconds(9));
  device.tick();
  EXPECT_FALSE(device.is_closed());
  gateway.advance(std::chrono::seconds(1));
  device.tick();
  EXPECT_TRUE(device.is_closed());
  EXPECT_EQ(gateway.refused("connect_timeout"), 1U);
}

TEST(MqttLimits, Silence_may_last_one_and_a_half_keep_alives) {
  Gateway gateway;
  Device device(gateway);
  device.connect(connect_3("d1", true, 10));
  gateway.advance(std::chrono::seconds(14));
  device.tick();
  EXPECT_FALSE(device.is_closed());
  device.send(ping());
  gateway.advance(std::chrono::seconds(14));
  device.tick();
  EXPECT_FALSE(device.is_closed());
  gateway.advance(std::chrono::seconds(1));
  device.tick();
  EXPECT_TRUE(device.is_closed());
  EXPECT_EQ(gateway.refused("keep_alive"), 1U);
}

TEST(MqttLimits, A_device_that_we_do_not_read_is_not_silent) {
  Gateway gateway(MqttLimits{.max_in_flight = 1});
  Device device(gateway);
  device.connect(connect_3("d1", true, 10));
  device.send(publish({.qos = 1, .id = 1}));
  gateway.advance(std::chrono::seconds(60));
  device.tick();
  EXPECT_FALSE(device.is_closed());
}

TEST(MqttLimits, A_longer_keep_alive_is_shortened_for_who_can_be_told) {
  Gateway gateway(MqttLimits{.max_keep_alive = std::chrono::seconds(20)});
  Device device(gateway);
  const std::string answer = device.connect(connect_5("d1"));
  Frame frame;
  ASSERT_FALSE(read_frame(answer, 1000, frame));
  ConnackPacket connack;
  ASSERT_FALSE(decode_connack(frame, Version::v5, connack));
  EXPECT_EQ(connack.properties.server_keep_alive_s, 20U);
  gateway.advance(std::chrono::seconds(30));
  EXPECT_EQ(device.tick(), disconnect(Reason::keep_alive_timeout));
}

TEST(Withholding, A_sender_with_Receive_Maximum_is_still_read_and_its_pings_answered) {
  Gateway gateway(MqttLimits{.max_withheld_bytes_per_connection = 10});
  Device device(gateway);
  device.connect(connect_5("d1"));
  gateway.core().is_withholding = true;
  EXPECT_EQ(device.send(publish({.qos = 1, .id = 1}, Version::v5) +
                        publish({.qos = 1, .id = 2}, Version::v5) + ping()),
            pong());
  EXPECT_EQ(gateway.uncommitted(), 2U);
}

TEST(Withholding, A_sender_without_it_is_not_read_past_its_bound) {
  Gateway gateway(MqttLimits{.max_withheld_bytes_per_connection = 20});
  Device device(gateway);
  device.connect(connect_3("d1"));
  gateway.core().is_withholding = true;
  const std::string one = publish({.payload = "abc", .qos = 1, .id = 1});
  const std::string two = publish({.payload = "abc", .qos = 1, .id = 2});
  device.send(one + two);
  EXPECT_EQ(gateway.uncommitted(), 1U);
  EXPECT_EQ(device.unread(), two.size());
  gateway.core().is_withholding = false;
  EXPECT_EQ(device.after_commit(), puback(1));
  EXPECT_EQ(device.after_commit(), puback(2));
}

TEST(Withholding, All_senders_together_have_a_bound) {
  Gateway gateway(MqttLimits{.max_withheld_bytes = 1000});
  Device device(gateway);
  device.connect(connect_5("d1"));
  gateway.core().is_withholding = true;
  std::string sent;
  for (std::uint16_t id = 1; id <= 100; ++id) sent += publish({.qos = 1, .id = id}, Version::v5);
  device.send(sent);
  EXPECT_LE(gateway.core().feed.batch().bytes(), 1000U);
  EXPECT_GT(device.unread(), 0U);
  EXPECT_TRUE(device.session().is_blocked());
}

}  // namespace
}  // namespace sluice::mqtt
