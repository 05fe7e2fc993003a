// The sink against a broker that follows a script: what is sent when, and what each answer means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/mqtt_sink/broker_script.h"
#include "tests/unit/mqtt_sink/sink_rig.h"

namespace sluice {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Outcome = Delivery::Outcome;

// Runs the sink's side, as the shipper's thread would, beside the script of the broker.
class MqttSinkDialogue : public testing::Test {
 protected:
  // From now on the thread waits for these batches to end, in this order.
  void expect(std::vector<std::uint64_t> tickets) {
    finish();
    shipper_ = std::thread([this, tickets = std::move(tickets)] {
      for (const std::uint64_t ticket : tickets) ended_[ticket] = rig().wait_for(ticket);
    });
  }
  void finish() {
    if (shipper_.joinable()) shipper_.join();
  }
  Delivery end_of(std::uint64_t ticket) {
    finish();
    return ended_.at(ticket);
  }
  SinkRig& rig() {
    if (!rig_) rig_ = std::make_unique<SinkRig>(config);
    return *rig_;
  }
  void TearDown() override { finish(); }

  mqtt::FakeBroker broker;
  MqttSinkConfig config = SinkRig::config_for(broker.url());

 private:
  std::unique_ptr<SinkRig> rig_;
  std::thread shipper_;
  std::map<std::uint64_t, Delivery> ended_;
};

std::size_t heap_bytes_in_use() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::string receive_maximum(char value) { return std::string("\x21\x00", 2) + value; }

TEST_F(MqttSinkDialogue, Nothing_is_delivered_before_its_acknowledgement) {
  rig().submit(1, "{}\n");
  rig().submit(2, "{}\n");
  expect({2});
  BrokerScript script(broker);
  script.let_in();
  const Packet first = script.next();
  const Packet second = script.next();
  ASSERT_TRUE(first.is_publish());
  ASSERT_TRUE(second.is_publish());
  script.acknowledge(second.packet_id());
  EXPECT_EQ(end_of(2).outcome, Outcome::delivered);
  EXPECT_TRUE(rig().is_quiet());
  expect({1});
  script.acknowledge(first.packet_id());
  EXPECT_EQ(end_of(1).outcome, Outcome::delivered);
}

TEST_F(MqttSinkDialogue, The_window_stays_below_the_brokers_Receive_Maximum) {
  config.max_in_flight = 5;
  for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) rig().submit(ticket, "{}\n");
  expect({1, 2, 3, 4, 5});
  BrokerScript script(broker);
  script.let_in(receive_maximum(3));
  std::vector<std::uint16_t> open{script.next().packet_id(), script.next().packet_id()};
  for (int more = 0; more < 3; ++more) {
    // Each acknowledgement makes room for one; a third before it would be read here instead.
    script.acknowledge(open.front());
    open.erase(open.begin());
    open.push_back(script.next().packet_id());
    ASSERT_NE(open[0], open[1]);
  }
  for (const std::uint16_t id : open) script.acknowledge(id);
  for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) {
    EXPECT_EQ(end_of(ticket).outcome, Outcome::delivered);
  }
}

TEST_F(MqttSinkDialogue, A_third_batch_waits_while_two_of_Receive_Maximum_three_are_unanswered) {
  config.timeout = milliseconds(300);
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) rig().submit(ticket, "{}\n");
  expect({1, 2, 3});
  BrokerScript script(broker);
  script.let_in(receive_maximum(3));
  EXPECT_TRUE(script.next().is_publish());
  EXPECT_TRUE(script.next().is_publish());
  EXPECT_FALSE(script.next().is_publish());  // but the goodbye, once the sink has given up
}

TEST_F(MqttSinkDialogue, A_broker_with_room_for_one_gets_one_at_a_time) {
  rig().submit(1, "{}\n");
  rig().submit(2, "{}\n");
  expect({1, 2});
  BrokerScript script(broker);
  script.let_in(receive_maximum(1));
  for (int i = 0; i < 2; ++i) script.acknowledge(script.next().packet_id());
  EXPECT_EQ(end_of(1).outcome, Outcome::delivered);
  EXPECT_EQ(end_of(2).outcome, Outcome::delivered);
}

TEST_F(MqttSinkDialogue, A_broker_that_does_not_answer_CONNECT_is_given_up) {
  config.connect_timeout = milliseconds(200);
  rig().submit(1, "{}\n");
  expect({1});
  BrokerScript script(broker);
  EXPECT_EQ(end_of(1).outcome, Outcome::retry);
  EXPECT_THAT(end_of(1).reason, HasSubstr("no answer within 200ms"));
  EXPECT_EQ(script.next().first_byte, 0);
}

TEST_F(MqttSinkDialogue, A_batch_that_is_never_acknowledged_is_sent_again_on_a_new_connection) {
  config.timeout = milliseconds(200);
  rig().submit(1, "{}\n");
  expect({1});
  {
    BrokerScript script(broker);
    script.let_in();
    EXPECT_TRUE(script.next().is_publish());
    EXPECT_EQ(end_of(1).outcome, Outcome::retry);
    EXPECT_THAT(end_of(1).reason, HasSubstr("no acknowledgement within 200ms"));
  }
  rig().submit_again(1);
  expect({1});
  BrokerScript script(broker);
  script.let_in();
  script.acknowledge(script.next().packet_id());
  EXPECT_EQ(end_of(1).outcome, Outcome::delivered);
}

TEST_F(MqttSinkDialogue, All_batches_come_back_when_the_connection_breaks) {
  for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) rig().submit(ticket, "{}\n");
  expect({1, 2, 3, 4});
  {
    BrokerScript script(broker);
    script.let_in(receive_maximum(4));
    const Packet first = script.next();
    script.acknowledge(first.packet_id());
    EXPECT_TRUE(script.next().is_publish());
  }
  EXPECT_EQ(end_of(1).outcome, Outcome::delivered);
  for (std::uint64_t ticket = 2; ticket <= 4; ++ticket) {
    EXPECT_EQ(end_of(ticket).outcome, Outcome::retry);
    EXPECT_THAT(end_of(ticket).reason, HasSubstr(broker.url() + ": the connection was lost"));
  }
}

// Paho itself would leak it; a build with the address sanitizer looks for all leaks in all tests.
TEST_F(MqttSinkDialogue, What_waits_inside_Paho_when_the_connection_breaks_is_freed) {
  constexpr std::size_t too_much_for_a_socket = std::size_t{16} << 20;
  std::string first(too_much_for_a_socket, 'x');
  std::string second(too_much_for_a_socket, 'y');
  const std::size_t before = heap_bytes_in_use();
  rig().submit(1, std::move(first));
  std::atomic<bool> is_stuck = false;
  std::atomic<bool> may_close = false;
  std::thread silent_broker([&] {
    BrokerScript script(broker);
    script.let_in();
    is_stuck = script.sees_bytes();
    EXPECT_TRUE(mqtt::eventually([&] { return may_close.load(); }));
  });
  EXPECT_TRUE(mqtt::eventually([&] { return !rig().is_quiet() || is_stuck; }));
  rig().submit(2, std::move(second));  // not begun: nobody reads the first one to its end
  may_close = true;
  EXPECT_EQ(rig().wait_for(1).outcome, Outcome::retry);
  EXPECT_EQ(rig().wait_for(2).outcome, Outcome::retry);
  silent_broker.join();
  EXPECT_LT(heap_bytes_in_use(), before + too_much_for_a_socket / 2);
}

TEST_F(MqttSinkDialogue, The_brokers_own_reason_for_closing_is_told) {
  rig().submit(1, "{}\n");
  expect({1});
  BrokerScript script(broker);
  script.let_in();
  EXPECT_TRUE(script.next().is_publish());
  script.disconnect(0x8B);
  EXPECT_EQ(end_of(1).outcome, Outcome::retry);
  EXPECT_THAT(end_of(1).reason, HasSubstr("closed the connection (Server shutting down)"));
}

TEST_F(MqttSinkDialogue, A_refused_login_is_retried_with_the_brokers_reason) {
  rig().submit(1, "{}\n");
  expect({1});
  BrokerScript script(broker);
  script.refuse(0x87);
  EXPECT_EQ(end_of(1).outcome, Outcome::retry);
  EXPECT_THAT(end_of(1).reason, HasSubstr("does not let us in (Not authorized)"));
}

TEST_F(MqttSinkDialogue, A_broker_without_QoS_1_is_of_no_use) {
  rig().submit(1, "{}\n");
  expect({1});
  BrokerScript script(broker);
  script.let_in(std::string("\x24\x00", 2));
  EXPECT_EQ(end_of(1).outcome, Outcome::retry);
  EXPECT_THAT(end_of(1).reason, HasSubstr("QoS 0"));
}

TEST_F(MqttSinkDialogue, Only_a_batch_that_the_broker_can_never_take_is_rejected) {
  config.topic = "t";
  rig().submit(1, std::string(200, 'x'));
  rig().submit(2, "{}\n");
  expect({1, 2});
  BrokerScript script(broker);
  script.let_in(std::string("\x27\x00\x00\x00\xC8", 5));  // packets of at most 200 bytes
  script.acknowledge(script.next().packet_id());
  EXPECT_EQ(end_of(1).outcome, Outcome::rejected);
  EXPECT_THAT(end_of(1).reason, HasSubstr("lower batch.max_bytes"));
  EXPECT_EQ(end_of(2).outcome, Outcome::delivered);
}

TEST_F(MqttSinkDialogue, Each_connection_is_a_new_session_under_the_same_name) {
  rig().submit(1, "{}\n");
  expect({1});
  std::set<std::string> connects;
  {
    BrokerScript script(broker);
    // Behind "MQTT" and the version: the flags, of which clean start is the only one set.
    EXPECT_EQ(script.connect().body.substr(0, 8), std::string("\0\4MQTT\5\2", 8));
    connects.insert(script.connect().body);
  }
  EXPECT_EQ(end_of(1).outcome, Outcome::retry);
  rig().submit_again(1);
  expect({1});
  BrokerScript script(broker);
  connects.insert(script.connect().body);
  EXPECT_EQ(connects.size(), 1U);
  EXPECT_THAT(script.connect().body, HasSubstr("sluice-"));
  script.let_in();
  script.acknowledge(script.next().packet_id());
  EXPECT_EQ(end_of(1).outcome, Outcome::delivered);
}

TEST_F(MqttSinkDialogue, Wake_ends_a_wait) {
  MqttSink& sink = rig().sink();
  std::atomic<bool> has_returned = false;
  std::thread shipper([&] {
    std::vector<Delivery> done;
    sink.poll(std::chrono::hours(1), done);
    EXPECT_TRUE(done.empty());
    has_returned = true;
  });
  sink.wake();
  EXPECT_TRUE(mqtt::eventually([&] { return has_returned.load(); }));
  shipper.join();
}

TEST_F(MqttSinkDialogue, Its_end_does_not_wait_for_a_broker_that_says_nothing) {
  auto impatient = std::make_unique<SinkRig>(config);
  impatient->submit(1, "{}\n");
  const BrokerScript mute(broker);
  EXPECT_TRUE(mute.connect().is_connect());
  const auto start = std::chrono::steady_clock::now();
  impatient.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, config.connect_timeout / 2);
}

TEST_F(MqttSinkDialogue, A_password_that_is_not_there_yet_is_a_reason_to_retry) {
  config.username = "plant";
  config.password = Secret(Secret::Place::file, "/nonexistent/password");
  rig().submit(1, "{}\n");
  const Delivery delivery = rig().wait_for(1);
  EXPECT_EQ(delivery.outcome, Outcome::retry);
  EXPECT_THAT(delivery.reason, HasSubstr("password"));
}

}  // namespace
}  // namespace sluice
