// The sink against a real broker.
#include "tests/unit/mqtt_sink/mosquitto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/mqtt_sink/sink_rig.h"

namespace sluice {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;
using Outcome = Delivery::Outcome;

TEST(MqttSinkAtMosquitto, A_batch_arrives_with_what_a_receiver_needs_to_know) {
  SKIP_WITHOUT_MOSQUITTO();
  const Mosquitto broker;
  Collector collector(broker);
  SinkRig rig(broker.url());
  const std::string body("{\"a\":1}\n\0\xff{\"a\":2}\n", 17);
  rig.submit(7, body, "zstd");
  EXPECT_EQ(rig.wait_for(7).outcome, Outcome::delivered);
  const Received received = collector.next();
  EXPECT_EQ(received.topic, "up/events");
  EXPECT_EQ(received.payload, body);
  EXPECT_EQ(received.content_type, "application/x-ndjson");
  EXPECT_EQ(received.qos, 1);
  EXPECT_FALSE(received.is_retained);
  EXPECT_THAT(received.user_properties,
              UnorderedElementsAre(Pair("content-encoding", "zstd"),
                                   Pair("idempotency-key", "store/up/7")));
}

TEST(MqttSinkAtMosquitto, Many_batches_in_flight_all_arrive_in_order) {
  SKIP_WITHOUT_MOSQUITTO();
  const Mosquitto broker;  // announces a Receive Maximum of 20
  Collector collector(broker);
  MqttSinkConfig config = SinkRig::config_for(broker.url());
  config.max_in_flight = 100;
  SinkRig rig(config);
  constexpr std::uint64_t batches = 300;
  std::uint64_t submitted = 0;
  for (std::uint64_t ticket = 1; ticket <= batches; ++ticket) {
    while (submitted < batches && submitted < ticket - 1 + rig.sink().max_in_flight()) {
      ++submitted;
      rig.submit(submitted, std::to_string(submitted));
    }
    ASSERT_EQ(rig.wait_for(ticket).outcome, Outcome::delivered);
  }
  for (std::uint64_t ticket = 1; ticket <= batches; ++ticket) {
    ASSERT_EQ(collector.next().payload, std::to_string(ticket));
  }
}

TEST(MqttSinkAtMosquitto, A_large_batch_arrives_whole) {
  SKIP_WITHOUT_MOSQUITTO();
  const Mosquitto broker;
  Collector collector(broker);
  SinkRig rig(broker.url());
  const std::string body(std::size_t{4} << 20, 'x');
  rig.submit(1, body);
  EXPECT_EQ(rig.wait_for(1).outcome, Outcome::delivered);
  EXPECT_TRUE(collector.next().payload == body);
}

TEST(MqttSinkAtMosquitto, After_the_brokers_death_the_same_batch_is_delivered_by_a_new_connection) {
  SKIP_WITHOUT_MOSQUITTO();
  Mosquitto broker;
  SinkRig rig(broker.url());
  rig.submit(1, "before");
  EXPECT_EQ(rig.wait_for(1).outcome, Outcome::delivered);
  broker.kill();
  rig.submit(2, "after");
  Delivery delivery = rig.wait_for(2);
  EXPECT_EQ(delivery.outcome, Outcome::retry);
  EXPECT_THAT(delivery.reason, HasSubstr(broker.url()));
  rig.submit_again(2);
  EXPECT_EQ(rig.wait_for(2).outcome, Outcome::retry);
  broker.start();
  Collector collector(broker);
  rig.submit_again(2);
  delivery = rig.wait_for(2);
  // The first attempt after the death may be what finds it out.
  if (delivery.outcome == Outcome::retry) {
    rig.submit_again(2);
    delivery = rig.wait_for(2);
  }
  EXPECT_EQ(delivery.outcome, Outcome::delivered) << delivery.reason;
  EXPECT_EQ(collector.next().payload, "after");
}

TEST(MqttSinkAtMosquitto, No_broker_is_a_reason_to_retry) {
  SKIP_WITHOUT_MOSQUITTO();
  Mosquitto broker;
  broker.kill();
  SinkRig rig(broker.url());
  rig.submit(1, "x");
  const Delivery delivery = rig.wait_for(1);
  EXPECT_EQ(delivery.outcome, Outcome::retry);
  EXPECT_THAT(delivery.reason, HasSubstr(broker.url() + ": no connection"));
}

TEST(MqttSinkAtMosquitto, A_topic_that_we_may_not_write_to_is_a_reason_to_retry) {
  SKIP_WITHOUT_MOSQUITTO();
  const Mosquitto broker("acl_file /dev/null");  // nobody may do anything
  SinkRig rig(broker.url());
  rig.submit(1, "x");
  const Delivery delivery = rig.wait_for(1);
  EXPECT_EQ(delivery.outcome, Outcome::retry);
  EXPECT_THAT(delivery.reason, HasSubstr("'up/events' (Not authorized)"));
}

TEST(MqttSinkAtMosquitto, A_user_without_a_name_is_told_what_to_check) {
  SKIP_WITHOUT_MOSQUITTO();
  const Mosquitto broker("allow_anonymous false");
  SinkRig rig(broker.url());
  rig.submit(1, "x");
  const Delivery delivery = rig.wait_for(1);
  EXPECT_EQ(delivery.outcome, Outcome::retry);
  EXPECT_THAT(delivery.reason, HasSubstr("check username, password"));
}

TEST(MqttSinkAtMosquitto, A_batch_beyond_its_packet_size_is_rejected_and_the_next_one_delivered) {
  SKIP_WITHOUT_MOSQUITTO();
  const Mosquitto broker("max_packet_size 1000");
  SinkRig rig(broker.url());
  rig.submit(1, std::string(2'000, 'x'));
  rig.submit(2, std::string(500, 'x'));
  EXPECT_EQ(rig.wait_for(1).outcome, Outcome::rejected);
  EXPECT_EQ(rig.wait_for(2).outcome, Outcome::delivered);
}

TEST(MqttSinkAtMosquitto, A_batch_beyond_a_limit_that_it_does_not_announce_is_rejected_too) {
  SKIP_WITHOUT_MOSQUITTO();
  const Mosquitto broker("message_size_limit 1000");
  SinkRig rig(broker.url());
  rig.submit(1, std::string(2'000, 'x'));
  rig.submit(2, std::string(500, 'x'));
  const Delivery delivery = rig.wait_for(1);
  EXPECT_EQ(delivery.outcome, Outcome::rejected);
  EXPECT_THAT(delivery.reason, HasSubstr("Packet too large"));
  EXPECT_EQ(rig.wait_for(2).outcome, Outcome::delivered);
}

}  // namespace
}  // namespace sluice
