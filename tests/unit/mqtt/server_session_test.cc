#include "drivers/mqtt/server_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mqtt/server_fixture.h"

namespace sluice::mqtt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ServerSessionTest : public testing::Test {
 protected:
  Gateway gateway;
  Device device{gateway};
};

TEST_F(ServerSessionTest, A_clean_session_is_accepted_at_once) {
  EXPECT_EQ(device.send(connect_3("d1")), connack_3());
  EXPECT_EQ(gateway.uncommitted(), 0U);
}

TEST_F(ServerSessionTest, A_PUBACK_waits_for_the_commit) {
  device.connect(connect_3("d1"));
  EXPECT_EQ(device.send(publish({.payload = "a", .qos = 1, .id = 7})), "");
  EXPECT_THAT(gateway.events(), IsEmpty());
  EXPECT_EQ(device.after_commit(), puback(7));
  EXPECT_THAT(gateway.events(), ElementsAre("a"));
}

TEST_F(ServerSessionTest, One_settlement_acknowledges_many_in_their_order) {
  device.connect(connect_3("d1"));
  std::string sent;
  std::string expected;
  for (std::uint16_t id = 300; id > 0; --id) {
    sent += publish({.qos = 1, .id = id});
    expected += puback(id);
  }
  EXPECT_EQ(device.send(sent), "");
  EXPECT_EQ(device.after_commit(), expected);
}

TEST_F(ServerSessionTest, Only_what_is_settled_is_acknowledged) {
  device.connect(connect_3("d1"));
  device.send(publish({.qos = 1, .id = 1}) + publish({.qos = 1, .id = 2}));
  const Receipt first = gateway.core().feed.batch().messages().front().receipt;
  gateway.core().feed.settle(first);
  device.session().settle();
  EXPECT_EQ(device.take(), puback(1));
}

TEST_F(ServerSessionTest, A_message_carries_what_its_packet_says) {
  device.connect(connect_5("d1"));
  const std::string properties = std::string("\x03") + text_field("application/json") + "\x26" +
                                 text_field("unit") + text_field("Cel");
  device.send(publish({.topic = "plant/7",
                       .payload = "22",
                       .qos = 1,
                       .id = 9,
                       .is_duplicate = true,
                       .is_retained = true,
                       .properties = properties},
                      Version::v5));
  ASSERT_EQ(gateway.uncommitted(), 1U);
  const Message& message = gateway.core().feed.batch().messages().front();
  EXPECT_EQ(message.topic, "plant/7");
  EXPECT_EQ(message.payload, "22");
  EXPECT_EQ(message.sender, "d1");
  EXPECT_EQ(message.number, 9);
  EXPECT_EQ(message.qos, 1);
  EXPECT_EQ(message.repeat, Repeat::possible);
  EXPECT_EQ(message.content_type, "application/json");
  ASSERT_EQ(message.user_properties.size(), 1U);
  EXPECT_EQ(message.user_properties[0].name, "unit");
  EXPECT_EQ(message.user_properties[0].value, "Cel");
  ASSERT_EQ(message.headers.size(), 1U);
  EXPECT_EQ(message.headers[0].name, "retain");
}

TEST_F(ServerSessionTest, Only_a_DUP_at_QoS_1_may_be_a_repeat) {
  device.connect(connect_3("d1"));
  device.send(publish({.qos = 1, .id = 1}) + publish({.qos = 2, .id = 2, .is_duplicate = true}) +
              publish({}));
  for (const Message& message : gateway.core().feed.batch().messages()) {
    EXPECT_EQ(message.repeat, Repeat::never);
  }
}

TEST_F(ServerSessionTest, QoS_2_makes_one_event_however_often_it_is_sent) {
  device.connect(connect_3("d1"));
  EXPECT_EQ(device.send(publish({.payload = "a", .qos = 2, .id = 5})), "");
  EXPECT_EQ(device.send(publish({.payload = "a", .qos = 2, .id = 5, .is_duplicate = true})), "");
  EXPECT_EQ(device.after_commit(), pubrec(5) + pubrec(5));
  EXPECT_EQ(device.send(publish({.payload = "a", .qos = 2, .id = 5, .is_duplicate = true})),
            pubrec(5));
  EXPECT_EQ(device.send(pubrel(5)), pubcomp(5));
  EXPECT_EQ(device.send(pubrel(5)), pubcomp(5));
  EXPECT_THAT(gateway.events(), ElementsAre("a"));
}

TEST_F(ServerSessionTest, A_released_id_means_a_new_message) {
  device.connect(connect_3("d1"));
  for (int i = 0; i < 2; ++i) {
    device.send(publish({.payload = "same", .qos = 2, .id = 5}));
    EXPECT_EQ(device.after_commit(), pubrec(5));
    EXPECT_EQ(device.send(pubrel(5)), pubcomp(5));
  }
  EXPECT_THAT(gateway.events(), ElementsAre("same", "same"));
}

// Its sender has lost its memory and counts from 1 again: dropping the message would lose it.
TEST_F(ServerSessionTest, An_unreleased_id_with_other_content_is_a_new_message) {
  device.connect(connect_3("d1"));
  device.send(publish({.payload = "a", .qos = 2, .id = 1}));
  device.send(publish({.payload = "b", .qos = 2, .id = 1}));
  EXPECT_EQ(device.after_commit(), pubrec(1) + pubrec(1));
  EXPECT_THAT(gateway.events(), ElementsAre("a", "b"));
}

TEST_F(ServerSessionTest, A_packet_may_come_in_any_pieces) {
  const std::string all = connect_3("d1") + publish({.payload = "a", .qos = 1, .id = 1}) + ping();
  std::string answers;
  for (const char byte : all) answers += device.send(std::string_view(&byte, 1));
  EXPECT_EQ(answers, connack_3() + pong());
  EXPECT_EQ(device.after_commit(), puback(1));
}

TEST_F(ServerSessionTest, SUBSCRIBE_is_answered_with_a_failure_for_each_filter) {
  device.connect(connect_3("d1"));
  const std::string body = two_bytes(10) + text_field("a/#") + '\1' + text_field("b") + '\0';
  EXPECT_EQ(device.send(packet(0x82, body)), packet(0x90, two_bytes(10) + "\x80\x80"));

  Device modern(gateway);
  modern.connect(connect_5("d2"));
  const std::string body_5 = two_bytes(10) + std::string(1, '\0') + text_field("a/#") + '\1';
  EXPECT_EQ(modern.send(packet(0x82, body_5)),
            packet(0x90, two_bytes(10) + std::string("\0\x83", 2)));
}

TEST_F(ServerSessionTest, A_topic_alias_stands_for_its_topic) {
  device.connect(connect_5("d1"));
  const std::string alias{'\x23', '\0', '\2'};
  device.send(publish({.topic = "plant/9", .properties = alias}, Version::v5));
  device.send(publish({.topic = "", .properties = alias}, Version::v5));
  ASSERT_EQ(gateway.uncommitted(), 2U);
  EXPECT_EQ(gateway.core().feed.batch().messages()[1].topic, "plant/9");
}

TEST_F(ServerSessionTest, An_alias_that_was_not_set_or_is_too_high_ends_the_connection) {
  device.connect(connect_5("d1"));
  EXPECT_EQ(device.send(
                publish({.topic = "", .properties = std::string{'\x23', '\0', '\2'}}, Version::v5)),
            disconnect(Reason::protocol_error));
  Device other(gateway);
  other.connect(connect_5("d2"));
  EXPECT_EQ(other.send(publish({.properties = std::string{'\x23', '\1', '\0'}}, Version::v5)),
            disconnect(Reason::topic_alias_invalid));
}

TEST_F(ServerSessionTest, A_refused_message_is_not_acknowledged_and_may_come_again) {
  device.connect(connect_5("d1", false, 100));
  device.send(publish({.payload = "a", .qos = 2, .id = 1}, Version::v5));
  const Receipt refused = gateway.core().feed.batch().messages().back().receipt;
  device.session().refuse(refused);
  gateway.core().table.forget_refused(refused);
  gateway.core().feed.batch().clear();
  gateway.core().feed.settle(refused);
  device.session().settle();
  EXPECT_EQ(device.take(), disconnect(Reason::quota_exceeded));
  EXPECT_TRUE(device.is_closed());

  Device again(gateway);
  again.connect(connect_5("d1", false, 100));
  again.send(publish({.payload = "a", .qos = 2, .id = 1, .is_duplicate = true}, Version::v5));
  EXPECT_EQ(again.after_commit(), pubrec(1));
  EXPECT_THAT(gateway.events(), ElementsAre("a"));
}

TEST_F(ServerSessionTest, A_new_connection_takes_the_client_id_over) {
  device.connect(connect_5("d1"));
  device.send(publish({.payload = "a", .qos = 1, .id = 1}, Version::v5));
  Device newer(gateway);
  newer.connect(connect_5("d1"));
  EXPECT_EQ(device.take(), disconnect(Reason::session_taken_over));
  EXPECT_TRUE(device.is_closed());
  EXPECT_FALSE(newer.is_closed());
  EXPECT_THAT(gateway.core().touched, ElementsAre(0U));
  EXPECT_EQ(newer.send(ping()), pong());
}

TEST_F(ServerSessionTest, A_client_without_name_gets_one) {
  const std::string answer = device.send(connect_5(""));
  EXPECT_NE(answer.find("anonymous-7-1"), std::string::npos);
  Device other(gateway);
  EXPECT_EQ(other.send(connect_3("")), connack_3());
  EXPECT_NE(device.session().client_id(), other.session().client_id());
}

}  // namespace
}  // namespace sluice::mqtt
