#include "drivers/mqtt/subscriber.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/mqtt/packets.h"
#include "tests/unit/mqtt/socket_peer.h"

namespace sluice::mqtt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string connack_5 = packet(0x20, std::string(3, '\0'));
const std::string connack_5_present = packet(0x20, std::string{'\1', '\0', '\0'});
const std::string suback_5 = packet(0x90, two_bytes(1) + std::string{'\0', '\1'});

class SubscriberTest : public testing::Test {
 protected:
  void start(std::string url = {}) {
    MqttSubscriberConfig config;
    config.url = url.empty() ? broker.url() : url;
    config.topics = {"plant/#"};
    config.first_retry = std::chrono::milliseconds(5);
    config.longest_retry = std::chrono::milliseconds(20);
    subscriber = std::make_unique<MqttSubscriber>(
        config, SourceContext{"floor", intake, clock, metrics}, "plant-7", 1);
    ASSERT_TRUE(subscriber->start({}).is_ok());
  }
  // One packet of less than 128 bytes.
  static std::string receive_packet(SocketPeer& peer) {
    std::string bytes = peer.receive(2);
    return bytes.size() < 2 ? bytes : bytes + peer.receive(static_cast<unsigned char>(bytes[1]));
  }
  // The broker's side of a connection that subscribes.
  SocketPeer accept_subscriber() {
    SocketPeer peer = broker.accept();
    EXPECT_THAT(receive_packet(peer), HasSubstr("sluice-plant-7-floor"));
    peer.send(connack_5);
    EXPECT_THAT(receive_packet(peer), HasSubstr("plant/#"));
    peer.send(suback_5);
    return peer;
  }
  void settle_all() { subscriber->settle(intake.last(), Outcome::stored); }

  FakeBroker broker;
  HeldIntake intake;
  SystemClock clock;
  Metrics metrics;
  std::unique_ptr<MqttSubscriber> subscriber;
};

TEST_F(SubscriberTest, A_message_is_acknowledged_after_it_is_settled) {
  start();
  SocketPeer peer = accept_subscriber();
  EXPECT_TRUE(eventually([&] { return subscriber->status().is_running; }));
  peer.send(publish({.payload = "a", .qos = 1, .id = 3}, Version::v5) +
            publish({.payload = "b", .qos = 1, .id = 4}, Version::v5));
  EXPECT_THAT(intake.wait_for(2), ElementsAre("a", "b"));
  settle_all();
  EXPECT_EQ(peer.receive(8), puback(3) + puback(4));
}

TEST_F(SubscriberTest, It_comes_back_when_the_connection_breaks_and_acknowledges_only_there) {
  start();
  {
    SocketPeer peer = accept_subscriber();
    peer.send(publish({.payload = "a", .qos = 1, .id = 3}, Version::v5));
    intake.wait_for(1);
  }
  SocketPeer again = broker.accept();
  receive_packet(again);
  settle_all();
  again.send(connack_5_present +
             publish({.payload = "a", .qos = 1, .id = 3, .is_duplicate = true}, Version::v5));
  intake.wait_for(2);
  settle_all();
  EXPECT_EQ(again.receive(4), puback(3));
}

TEST_F(SubscriberTest, It_speaks_3_1_1_to_a_broker_that_knows_nothing_newer) {
  start();
  {
    SocketPeer peer = broker.accept();
    receive_packet(peer);
    peer.send(packet(0x20, std::string{'\0', '\1'}));
    EXPECT_TRUE(peer.is_closed_by_peer());
  }
  SocketPeer again = broker.accept();
  EXPECT_THAT(receive_packet(again), HasSubstr(std::string("MQTT\4", 5)));
  again.send(connack_3());
  receive_packet(again);
  again.send(packet(0x90, two_bytes(1) + '\1'));
  EXPECT_TRUE(eventually([&] { return subscriber->status().is_running; }));
}

TEST_F(SubscriberTest, A_refused_filter_is_shown_in_the_status) {
  start();
  SocketPeer peer = broker.accept();
  receive_packet(peer);
  peer.send(connack_5);
  receive_packet(peer);
  peer.send(packet(0x90, two_bytes(1) + std::string{'\0', '\x87'}));
  EXPECT_TRUE(eventually(
      [&] { return subscriber->status().last_error.find("plant/#") != std::string::npos; }));
  EXPECT_FALSE(subscriber->status().is_running);
  EXPECT_EQ(subscriber->status().connections, 1U);
}

TEST_F(SubscriberTest, A_broker_that_is_not_there_is_shown_and_tried_again) {
  const std::string url = broker.url();
  broker.close();
  start(url);
  EXPECT_TRUE(eventually(
      [&] { return subscriber->status().last_error.find("refused") != std::string::npos; }));
  const auto endpoint = parse_endpoint(url);
  auto listening = listen_on(*endpoint);
  ASSERT_TRUE(listening.is_ok());
  EXPECT_TRUE(eventually([&] { return accept_one(listening->get()).socket.is_open(); }));
}

TEST_F(SubscriberTest, While_paused_the_broker_is_read_and_nothing_is_offered) {
  start();
  SocketPeer peer = accept_subscriber();
  peer.send(publish({.payload = "a", .qos = 1, .id = 1}, Version::v5));
  intake.wait_for(1);
  subscriber->pause();
  settle_all();
  EXPECT_EQ(peer.receive(4), puback(1));  // so the pause, which was told before, has arrived too
  peer.send(publish({.payload = "b", .qos = 1, .id = 2}, Version::v5) + pubrec(9));
  EXPECT_EQ(peer.receive(4), pubrel(9));
  peer.send(pubrec(10));
  EXPECT_EQ(peer.receive(4), pubrel(10));  // the turn that has read "b" is over
  EXPECT_EQ(intake.events(), 1U);
  subscriber->resume();
  EXPECT_THAT(intake.wait_for(2), ElementsAre("a", "b"));
  settle_all();
  EXPECT_EQ(peer.receive(4), puback(2));
}

TEST_F(SubscriberTest, It_leaves_in_good_order) {
  start();
  SocketPeer peer = accept_subscriber();
  ASSERT_TRUE(eventually([&] { return subscriber->status().is_running; }));
  subscriber.reset();
  EXPECT_EQ(peer.receive(2), disconnect(Reason::success));
  EXPECT_TRUE(peer.is_closed_by_peer());
}

}  // namespace
}  // namespace sluice::mqtt
