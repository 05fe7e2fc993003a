// What a session remembers through disconnects and crashes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "drivers/mqtt/packet.h"
#include "tests/unit/mqtt/server_fixture.h"

namespace sluice::mqtt {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bool is_session_present(std::string_view connack) { return connack.size() > 2 && connack[2] == 1; }

TEST(DurableSession, Its_CONNACK_waits_for_the_commit_of_its_start) {
  Gateway gateway;
  Device device(gateway);
  EXPECT_EQ(device.send(connect_3("d1", false)), "");
  EXPECT_EQ(device.send(publish({.qos = 1, .id = 1}) + ping()), "");
  EXPECT_EQ(device.after_commit(), connack_3() + pong());
  EXPECT_EQ(device.after_commit(), puback(1));
}

TEST(DurableSession, Resuming_it_changes_nothing_and_is_answered_at_once) {
  Gateway gateway;
  { Device(gateway).connect(connect_3("d1", false)); }
  Device again(gateway);
  EXPECT_EQ(again.send(connect_3("d1", false)), connack_3(true));
}

TEST(DurableSession, Session_present_waits_until_its_start_is_durable) {
  Gateway gateway;
  { Device(gateway).send(connect_3("d1", false)); }  // the connection breaks before the commit
  Device again(gateway);
  EXPECT_EQ(again.send(connect_3("d1", false)), "");
  EXPECT_EQ(again.after_commit(), connack_3(true));
}

TEST(DurableSession, A_clean_start_ends_it_and_waits_for_that) {
  Gateway gateway;
  {
    Device device(gateway);
    device.connect(connect_3("d1", false));
    device.send(publish({.qos = 2, .id = 5}));
    device.after_commit();
  }
  EXPECT_EQ(gateway.state().size(), 2U);
  Device clean(gateway);
  EXPECT_EQ(clean.send(connect_3("d1", true)), "");
  EXPECT_EQ(clean.after_commit(), connack_3(false));
  EXPECT_THAT(gateway.state(), IsEmpty());
}

TEST(DurableSession, It_is_found_again_after_a_crash) {
  Gateway gateway;
  { Device(gateway).connect(connect_5("d1", false, 100)); }
  gateway.crash();
  Device again(gateway);
  EXPECT_TRUE(is_session_present(again.connect(connect_5("d1", false, 100))));
}

TEST(DurableSession, A_start_that_was_not_committed_is_not_found_after_a_crash) {
  Gateway gateway;
  { Device(gateway).send(connect_5("d1", false, 100)); }
  gateway.crash();
  Device again(gateway);
  EXPECT_FALSE(is_session_present(again.connect(connect_5("d1", false, 100))));
}

TEST(DurableSession, A_QoS_2_repeat_after_a_crash_is_answered_and_makes_no_event) {
  Gateway gateway;
  {
    Device device(gateway);
    device.connect(connect_3("d1", false));
    device.send(publish({.payload = "a", .qos = 2, .id = 5}));
    gateway.commit();  // and the PUBREC never reaches the device
  }
  gateway.crash();
  {
    Device again(gateway);
    EXPECT_EQ(again.connect(connect_3("d1", false)), connack_3(true));
    EXPECT_EQ(again.send(publish({.payload = "a", .qos = 2, .id = 5, .is_duplicate = true})),
              pubrec(5));
    EXPECT_EQ(again.send(pubrel(5)), "");
    EXPECT_EQ(again.after_commit(), pubcomp(5));
    EXPECT_THAT(gateway.events(), ElementsAre("a"));
  }
  gateway.crash();
  Device fresh(gateway);
  fresh.connect(connect_3("d1", false));
  fresh.send(publish({.payload = "a", .qos = 2, .id = 5}));
  EXPECT_EQ(fresh.after_commit(), pubrec(5));
  EXPECT_THAT(gateway.events(), ElementsAre("a", "a"));
}

TEST(DurableSession, An_uncommitted_QoS_2_message_is_new_after_a_crash) {
  Gateway gateway;
  {
    Device device(gateway);
    device.connect(connect_3("d1", false));
    EXPECT_EQ(device.send(publish({.payload = "a", .qos = 2, .id = 5})), "");
  }
  gateway.crash();
  Device again(gateway);
  again.connect(connect_3("d1", false));
  EXPECT_EQ(again.send(publish({.payload = "a", .qos = 2, .id = 5, .is_duplicate = true})), "");
  EXPECT_EQ(again.after_commit(), pubrec(5));
  EXPECT_THAT(gateway.events(), ElementsAre("a"));
}

TEST(DurableSession, It_ends_when_its_client_stays_away_for_too_long) {
  Gateway gateway;
  { Device(gateway).connect(connect_5("d1", false, 100)); }
  gateway.advance(std::chrono::seconds(99));
  gateway.core().table.tick();
  gateway.commit();
  EXPECT_EQ(gateway.state().size(), 1U);
  gateway.advance(std::chrono::seconds(2));
  gateway.core().table.tick();
  gateway.commit();
  EXPECT_THAT(gateway.state(), IsEmpty());
  Device again(gateway);
  EXPECT_FALSE(is_session_present(again.connect(connect_5("d1", false, 100))));
}

TEST(DurableSession, DISCONNECT_may_end_it) {
  Gateway gateway;
  Device device(gateway);
  device.connect(connect_5("d1", false, 100));
  const std::string no_expiry{'\0', '\5', '\x11', '\0', '\0', '\0', '\0'};
  device.send(packet(0xE0, no_expiry));
  gateway.commit();
  EXPECT_TRUE(device.is_closed());
  EXPECT_THAT(gateway.state(), IsEmpty());
}

TEST(DurableSession, Its_expiry_is_capped_and_the_client_is_told) {
  Gateway gateway(MqttLimits{.max_session_expiry = std::chrono::seconds(50)});
  Device device(gateway);
  const std::string answer = device.connect(connect_5("d1", false, 0xFFFFFFFF));
  Frame frame;
  ASSERT_FALSE(read_frame(answer, 1000, frame));
  ConnackPacket connack;
  ASSERT_FALSE(decode_connack(frame, Version::v5, connack));
  EXPECT_EQ(connack.properties.session_expiry_s, 50U);
}

TEST(DurableSession, Records_that_cannot_be_read_are_left_out) {
  Gateway gateway;
  const SavedState damaged = {{"q", "x"}, {"qd1\1\1", "\1"}, {"sd1", "\7"}, {"z", "?"}};
  EXPECT_EQ(gateway.core().table.restore(damaged), damaged.size());
  EXPECT_EQ(gateway.core().table.size(), 0U);
}

// A device that follows the protocol sends 200 messages at QoS 2 while connections break and the
// gateway crashes at random: each makes exactly one event.
class Qos2Sender {
 public:
  Qos2Sender(Gateway& gateway, unsigned seed) : gateway_(gateway), random_(seed) {}

  void run(int messages) {
    for (next_ = 1; next_ <= messages || !unacked_.empty();) step(messages);
  }

 private:
  struct Sent {
    std::string payload;
    bool is_received = false;  // PUBREC came: from now on only PUBREL is sent
  };

  bool happens(unsigned percent) { return random_() % 100 < percent; }

  void step(int messages) {
    if (device_ == nullptr) return connect();
    if (happens(10)) return device_.reset();
    if (happens(5)) {
      device_.reset();
      return gateway_.crash();
    }
    const auto id = static_cast<std::uint16_t>(next_ % 16 + 1);
    if (next_ <= messages && unacked_.size() < 5 && !unacked_.contains(id)) {
      const std::string payload = std::to_string(next_++);
      unacked_[id] = {payload, false};
      handle(device_->send(publish({.payload = payload, .qos = 2, .id = id})));
    }
    if (device_ != nullptr && happens(60)) handle(device_->after_commit());
  }

  void connect() {
    device_ = std::make_unique<Device>(gateway_);
    device_->connect(connect_3("sender", false));
    for (const auto& [id, sent] : std::map(unacked_)) {
      if (device_ == nullptr) return;
      handle(device_->send(
          sent.is_received
              ? pubrel(id)
              : publish({.payload = sent.payload, .qos = 2, .id = id, .is_duplicate = true})));
    }
  }

  void handle(std::string answers) {
    while (!answers.empty()) {
      const auto id = static_cast<std::uint16_t>(static_cast<unsigned char>(answers[2]) << 8 |
                                                 static_cast<unsigned char>(answers[3]));
      const auto type = static_cast<PacketType>(static_cast<unsigned char>(answers[0]) >> 4);
      answers.erase(0, 4);
      if (happens(10)) continue;  // the answer is lost with its connection
      if (type == PacketType::pubcomp) {
        unacked_.erase(id);
      } else {
        unacked_.at(id).is_received = true;
        answers += device_->send(pubrel(id));
      }
    }
    if (happens(10)) device_.reset();
  }

  Gateway& gateway_;
  std::mt19937 random_;
  std::unique_ptr<Device> device_;
  std::map<std::uint16_t, Sent> unacked_;
  int next_ = 1;
};

TEST(DurableSession, QoS_2_is_exactly_once_through_breaks_and_crashes) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    Gateway gateway;
    Qos2Sender(gateway, seed).run(200);
    std::map<std::string, int> seen;
    for (const std::string& payload : gateway.events()) ++seen[payload];
    ASSERT_EQ(seen.size(), 200U) << "seed " << seed;
    for (const auto& [payload, times] : seen) ASSERT_EQ(times, 1) << payload << " at seed " << seed;
  }
}

}  // namespace
}  // namespace sluice::mqtt
