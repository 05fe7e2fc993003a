#include "drivers/mqtt/client_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/unit/mqtt/packets.h"

namespace sluice::mqtt {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ClientSessionTest : public testing::Test {
 protected:
  ClientSessionTest() { make(); }

  void make(Duration expiry = std::chrono::hours(1),
            std::vector<std::string> topics = {"plant/#", "$share/g/hall/+"}) {
    feed = std::make_unique<MessageFeed>();
    ClientOptions options;
    options.client_id = "sluice-gw-floor";
    options.topics = std::move(topics);
    options.session_expiry = expiry;
    session = std::make_unique<ClientSession>(options, *feed);
    session->restore(SavedState(state.begin(), state.end()));
  }
  std::string take() { return std::exchange(session->output(), {}); }
  std::string receive(std::string_view bytes) {
    EXPECT_EQ(session->receive(bytes), bytes.size());
    return take();
  }
  std::string after_commit() {
    for (const Message& message : feed->batch().messages()) {
      if (!message.is_control) events.emplace_back(message.payload);
      if (message.state.erase)
        state.erase(std::string(message.state.key));
      else if (!message.state.key.empty())
        state[std::string(message.state.key)] = message.state.value;
    }
    if (!feed->batch().empty()) feed->settle(feed->batch().messages().back().receipt);
    feed->batch().clear();
    session->settle();
    return take();
  }
  void advance(Duration duration) { feed->set_time({}, now += duration); }
  // Connects with MQTT 5 and subscribes.
  void subscribe() {
    session->connect();
    take();
    receive(packet(0x20, std::string(3, '\0')));
    receive(packet(0x90, two_bytes(1) + std::string{'\0', '\1', '\1'}));
    after_commit();
  }

  std::unique_ptr<MessageFeed> feed;
  std::unique_ptr<ClientSession> session;
  std::map<std::string, std::string> state;
  std::vector<std::string> events;
  Duration now{};
};

const std::string connack_present = packet(0x20, std::string{'\1', '\0', '\0'});

TEST_F(ClientSessionTest, It_subscribes_to_all_filters_when_the_broker_has_no_session) {
  session->connect();
  EXPECT_THAT(take(), HasSubstr("sluice-gw-floor"));
  const std::string subscribe_packet = receive(packet(0x20, std::string(3, '\0')));
  EXPECT_THAT(subscribe_packet, HasSubstr("plant/#"));
  EXPECT_THAT(subscribe_packet, HasSubstr("$share/g/hall/+"));
  EXPECT_FALSE(session->is_subscribed());
  receive(packet(0x90, two_bytes(1) + std::string{'\0', '\1', '\1'}));
  EXPECT_TRUE(session->is_subscribed());
}

TEST_F(ClientSessionTest, A_session_that_is_present_is_not_subscribed_again) {
  subscribe();
  session->connect();
  take();
  EXPECT_EQ(receive(connack_present), "");
  EXPECT_TRUE(session->is_subscribed());
}

TEST_F(ClientSessionTest, Changed_filters_are_brought_to_the_session_that_is_present) {
  subscribe();
  make(std::chrono::hours(1), {"plant/#", "yard/#"});
  session->connect();
  take();
  const std::string answer = receive(connack_present);
  EXPECT_EQ(answer[0], static_cast<char>(0xA2));
  EXPECT_THAT(answer, HasSubstr("$share/g/hall/+"));
  EXPECT_THAT(answer, HasSubstr("yard/#"));
}

TEST_F(ClientSessionTest, A_refused_filter_is_reported_and_does_not_stop_the_others) {
  session->connect();
  take();
  receive(packet(0x20, std::string(3, '\0')));
  receive(packet(0x90, two_bytes(1) + std::string{'\0', '\1', '\x87'}));
  EXPECT_FALSE(session->is_subscribed());
  EXPECT_TRUE(session->is_connected());
  EXPECT_THAT(std::string(session->trouble()), HasSubstr("$share/g/hall/+"));
}

TEST_F(ClientSessionTest, Messages_are_acknowledged_after_the_commit_in_their_order) {
  subscribe();
  EXPECT_EQ(receive(publish({.payload = "a", .qos = 1, .id = 9}, Version::v5) +
                    publish({.payload = "b", .qos = 2, .id = 4}, Version::v5)),
            "");
  EXPECT_EQ(after_commit(), puback(9) + pubrec(4));
  EXPECT_EQ(receive(pubrel(4)), "");
  EXPECT_EQ(after_commit(), pubcomp(4));
  EXPECT_THAT(events, ElementsAre("a", "b"));
}

TEST_F(ClientSessionTest, A_QoS_2_repeat_after_a_restart_makes_no_event) {
  subscribe();
  receive(publish({.payload = "b", .qos = 2, .id = 4}, Version::v5));
  after_commit();
  make();
  session->connect();
  take();
  receive(connack_present);
  EXPECT_EQ(
      receive(publish({.payload = "b", .qos = 2, .id = 4, .is_duplicate = true}, Version::v5)),
      pubrec(4));
  EXPECT_THAT(events, ElementsAre("b"));
}

TEST_F(ClientSessionTest, Ids_mean_nothing_to_a_broker_that_has_lost_its_session) {
  subscribe();
  receive(publish({.payload = "b", .qos = 2, .id = 4}, Version::v5));
  after_commit();
  subscribe();
  receive(publish({.payload = "b", .qos = 2, .id = 4}, Version::v5));
  EXPECT_EQ(after_commit(), pubrec(4));
  EXPECT_THAT(events, ElementsAre("b", "b"));
}

TEST_F(ClientSessionTest, Acknowledgements_of_a_broken_connection_are_not_sent_on_the_next) {
  subscribe();
  receive(publish({.payload = "a", .qos = 1, .id = 9}, Version::v5));
  session->connection_lost();
  session->connect();
  take();
  receive(connack_present);
  EXPECT_EQ(after_commit(), "");
}

TEST_F(ClientSessionTest, It_falls_back_to_3_1_1_when_the_broker_says_so) {
  session->connect();
  take();
  receive(packet(0x20, std::string{'\0', '\1'}));
  EXPECT_TRUE(session->is_closing());
  session->connect();
  EXPECT_THAT(take(), HasSubstr(std::string("MQTT\4", 5)));
  receive(connack_3());
  EXPECT_TRUE(session->is_connected());
}

TEST_F(ClientSessionTest, It_falls_back_to_3_1_1_when_the_broker_hangs_up_on_MQTT_5) {
  session->connect();
  session->connection_lost();
  EXPECT_EQ(session->version(), Version::v3_1_1);
  session->connect();
  session->connection_lost();
  EXPECT_EQ(session->version(), Version::v5);
}

TEST_F(ClientSessionTest, It_pings_and_gives_up_a_broker_that_does_not_answer) {
  subscribe();
  advance(std::chrono::seconds(15));
  session->tick();
  EXPECT_EQ(take(), ping());
  receive(pong());
  advance(std::chrono::seconds(15));
  session->tick();
  EXPECT_EQ(take(), ping());
  advance(std::chrono::seconds(29));  // 44 s after its last packet
  session->tick();
  EXPECT_FALSE(session->is_closing());
  advance(std::chrono::seconds(1));
  session->tick();
  EXPECT_TRUE(session->is_closing());
}

TEST_F(ClientSessionTest, A_refused_message_ends_the_connection_unacknowledged) {
  subscribe();
  receive(publish({.payload = "b", .qos = 2, .id = 4}, Version::v5));
  const Receipt refused = feed->batch().messages().back().receipt;
  session->refuse(refused);
  feed->batch().clear();
  feed->settle(refused);
  EXPECT_EQ(take(), disconnect(Reason::quota_exceeded));
  session->connect();
  take();
  receive(connack_present);
  EXPECT_EQ(
      receive(publish({.payload = "b", .qos = 2, .id = 4, .is_duplicate = true}, Version::v5)), "");
  EXPECT_EQ(after_commit(), pubrec(4));
  EXPECT_THAT(events, ElementsAre("b"));
}

}  // namespace
}  // namespace sluice::mqtt
