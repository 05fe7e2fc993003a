#include "drivers/mqtt/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/unit/mqtt/packets.h"
#include "tests/unit/mqtt/socket_peer.h"

namespace sluice::mqtt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::size_t connack_5_size = 16;

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() {
    config.listen = {"mqtt://127.0.0.1:0"};
    config.limits.max_withheld_bytes_per_connection = 50;
  }

  void start() {
    listener =
        std::make_unique<MqttListener>(config, SourceContext{"floor", intake, clock, metrics});
    ASSERT_TRUE(listener->start({}).is_ok());
  }
  SocketPeer device(std::string_view connect = connect_3("d1")) {
    SocketPeer peer = SocketPeer::connect(listener->status().address);
    peer.send(connect);
    return peer;
  }
  void settle_all() { listener->settle(intake.last(), Outcome::stored); }

  MqttListenerConfig config;
  HeldIntake intake;
  SystemClock clock;
  Metrics metrics;
  std::unique_ptr<MqttListener> listener;
};

TEST_F(ListenerTest, A_message_is_acknowledged_after_it_is_settled) {
  start();
  SocketPeer peer = device();
  EXPECT_EQ(peer.receive(4), connack_3());
  peer.send(publish({.payload = "a", .qos = 1, .id = 7}) + ping());
  EXPECT_THAT(intake.wait_for(1), ElementsAre("a"));
  EXPECT_EQ(peer.receive(2), pong());  // and no PUBACK before it
  settle_all();
  EXPECT_EQ(peer.receive(4), puback(7));
}

TEST_F(ListenerTest, Many_devices_get_their_own_acknowledgements) {
  start();
  std::vector<SocketPeer> peers;
  for (int i = 0; i < 20; ++i) {
    peers.push_back(device(connect_3("d" + std::to_string(i))));
    EXPECT_EQ(peers.back().receive(4), connack_3());
  }
  for (std::uint16_t id = 1; id <= 50; ++id) {
    for (SocketPeer& peer : peers) peer.send(publish({.qos = 1, .id = id}));
  }
  EXPECT_EQ(intake.wait_for(1000).size(), 1000U);
  settle_all();
  std::string expected;
  for (std::uint16_t id = 1; id <= 50; ++id) expected += puback(id);
  for (SocketPeer& peer : peers) EXPECT_EQ(peer.receive(200), expected);
  EXPECT_TRUE(eventually([&] { return listener->status().connections == 20; }));
}

TEST_F(ListenerTest, Settling_for_a_device_that_has_gone_does_no_harm) {
  start();
  {
    SocketPeer gone = device();
    gone.send(publish({.qos = 1, .id = 1}));
    intake.wait_for(1);
  }
  ASSERT_TRUE(eventually([&] { return listener->status().connections == 0; }));
  settle_all();
  SocketPeer next = device();
  EXPECT_EQ(next.receive(4), connack_3());
}

TEST_F(ListenerTest, A_large_message_comes_in_whole) {
  start();
  SocketPeer peer = device();
  peer.receive(4);
  const std::string payload(120'000, 'x');
  peer.send(publish({.payload = payload, .qos = 1, .id = 1}));
  EXPECT_THAT(intake.wait_for(1), ElementsAre(payload));
}

TEST_F(ListenerTest, While_paused_pings_are_answered_and_nothing_is_offered) {
  start();
  SocketPeer peer = device(connect_5("d1"));
  peer.receive(connack_5_size);
  listener->pause();
  peer.send(publish({.payload = "a", .qos = 1, .id = 1}, Version::v5) + ping());
  EXPECT_EQ(peer.receive(2), pong());
  peer.send(publish({.payload = "b", .qos = 1, .id = 2}, Version::v5) + ping());
  EXPECT_EQ(peer.receive(2), pong());
  peer.send(ping());
  EXPECT_EQ(peer.receive(2), pong());  // the turn that has read "b" is over
  EXPECT_EQ(intake.events(), 0U);
  listener->resume();
  EXPECT_THAT(intake.wait_for(2), ElementsAre("a", "b"));
  settle_all();
  EXPECT_EQ(peer.receive(8), puback(1) + puback(2));
}

TEST_F(ListenerTest, While_paused_an_old_device_is_not_read_past_its_bound) {
  start();
  SocketPeer peer = device();
  peer.receive(4);
  peer.send(ping());
  peer.receive(2);
  listener->pause();
  std::string sent;
  for (std::uint16_t id = 1; id <= 100; ++id) sent += publish({.qos = 1, .id = id});
  peer.send(sent + ping());
  listener->resume();
  EXPECT_EQ(intake.wait_for(100).size(), 100U);
  settle_all();
  EXPECT_EQ(peer.receive(402).size(), 402U);
}

TEST_F(ListenerTest, Without_room_no_device_is_read_until_there_is) {
  start();
  SocketPeer peer = device();
  peer.receive(4);
  intake.set_room(false);
  peer.send(publish({.payload = "a"}));  // after this batch it knows
  intake.wait_for(1);
  peer.send(publish({.payload = "b"}));
  intake.set_room(true);
  listener->resume();
  EXPECT_THAT(intake.wait_for(2), ElementsAre("a", "b"));
}

TEST_F(ListenerTest, Refused_messages_end_the_connection_without_acknowledgement) {
  start();
  SocketPeer peer = device();
  peer.receive(4);
  peer.send(publish({.qos = 1, .id = 1}));
  intake.wait_for(1);
  listener->settle(intake.last(), Outcome::refused);
  EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST_F(ListenerTest, One_connection_too_many_is_closed_and_counted) {
  config.limits.max_connections = 1;
  start();
  SocketPeer first = device();
  EXPECT_EQ(first.receive(4), connack_3());
  SocketPeer second = SocketPeer::connect(listener->status().address);
  EXPECT_TRUE(second.is_closed_by_peer());
  EXPECT_EQ(metrics.sum("sluice_source_refused_total",
                        {{"source", "floor"}, {"reason", "too_many_connections"}}),
            1U);
  EXPECT_TRUE(eventually([&] { return listener->status().refused == 1; }));
}

TEST_F(ListenerTest, A_device_that_breaks_the_protocol_reads_why) {
  start();
  SocketPeer peer = device(connect_5("d1"));
  peer.receive(connack_5_size);
  peer.send(publish({.topic = "a/#"}, Version::v5) + std::string(100'000, '\0'));
  EXPECT_EQ(peer.receive(3), disconnect(Reason::malformed_packet));
  EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST_F(ListenerTest, A_taken_port_is_tried_again_until_it_is_free) {
  auto taken = listen_on({"127.0.0.1", 0});
  ASSERT_TRUE(taken.is_ok());
  config.listen = {format_endpoint({"127.0.0.1", local_port(taken->get())})};
  start();
  EXPECT_FALSE(listener->status().is_running);
  EXPECT_THAT(listener->status().last_error, HasSubstr("in use"));
  taken->close();
  EXPECT_TRUE(eventually([&] { return listener->status().is_running; }));
  SocketPeer peer = device();
  EXPECT_EQ(peer.receive(4), connack_3());
}

TEST_F(ListenerTest, After_stop_intake_what_was_offered_is_still_acknowledged) {
  start();
  SocketPeer peer = device();
  peer.receive(4);
  peer.send(publish({.qos = 1, .id = 1}));
  intake.wait_for(1);
  listener->stop_intake();
  EXPECT_TRUE(eventually([&] { return !listener->status().is_running; }));
  peer.send(publish({.qos = 1, .id = 2}));
  settle_all();
  EXPECT_EQ(peer.receive(4), puback(1));
  listener.reset();
  EXPECT_TRUE(peer.is_closed_by_peer());
  EXPECT_EQ(intake.events(), 1U);
}

TEST_F(ListenerTest, It_says_goodbye_when_it_ends) {
  start();
  SocketPeer peer = device(connect_5("d1"));
  peer.receive(connack_5_size);
  listener.reset();
  EXPECT_EQ(peer.receive(3), disconnect(Reason::server_shutting_down));
  EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST_F(ListenerTest, A_session_of_an_earlier_process_is_present) {
  listener = std::make_unique<MqttListener>(config, SourceContext{"floor", intake, clock, metrics});
  const std::string record{'\1', '\x64', '\0', '\0', '\0'};  // version 1, 100 s
  ASSERT_TRUE(listener->start({{"sd1", record}}).is_ok());
  SocketPeer peer = device(connect_5("d1", false, 100));
  const std::string connack = peer.receive(connack_5_size);
  ASSERT_GE(connack.size(), 3U);
  EXPECT_EQ(connack[2], 1);
}

}  // namespace
}  // namespace sluice::mqtt
