// The MQTT 3.1.1 client, without a node.
#include "firmware-sim/node/mqtt_client.h"

#include <string.h>

#include "firmware-sim/unity/unity.h"

static NodeMqtt client;
static uint8_t room[256];
static NodeWriter writer;

void setUp(void) {
  node_mqtt_start(&client, 60, 41);
  writer = node_writer(room, sizeof room);
}

static NodeMqttNews receive(const uint8_t* bytes, size_t size) {
  NodeMqttNews news = node_mqtt_nothing;
  for (size_t i = 0; i < size; ++i) news = node_mqtt_receive(&client, bytes[i]);
  return news;
}

static NodeMqttNews connack(uint8_t session_present, uint8_t code) {
  const uint8_t bytes[] = {0x20, 2, session_present, code};
  return receive(bytes, sizeof bytes);
}

static NodeMqttNews puback(uint16_t packet_id) {
  const uint8_t bytes[] = {0x40, 2, (uint8_t)(packet_id >> 8), (uint8_t)packet_id};
  return receive(bytes, sizeof bytes);
}

static NodeMqttTurn turn(uint64_t now_ms) { return node_mqtt_turn(&client, now_ms, true, true); }

static void connect_at(uint64_t now_ms, uint8_t session_present) {
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_connect, turn(now_ms));
  node_mqtt_sent(&client, node_mqtt_send_connect, now_ms);
  TEST_ASSERT_EQUAL_INT(node_mqtt_connected, connack(session_present, 0));
}

static void publish_at(uint64_t now_ms) {
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_publish, turn(now_ms));
  if (!client.is_in_flight) ++client.packet_id;
  node_mqtt_sent(&client, node_mqtt_send_publish, now_ms);
}

static void packets_are_as_in_the_standard(void) {
  const uint8_t expected[] = {0x10, 17,  0,   4,   'M', 'Q', 'T', 'T', 4,    0, 0,
                              60,   0,   5,   'd', 'e', 'v', '-', '7', 0x32, 9, 0,
                              3,    'a', '/', 'b', 1,   2,   'h', 'i', 0x3A, 9, 0,
                              3,    'a', '/', 'b', 1,   2,   'h', 'i', 0xC0, 0};
  node_mqtt_put_connect(&writer, "dev-7", 60);
  node_mqtt_put_publish(&writer, "a/b", 0x0102, false, (const uint8_t*)"hi", 2);
  node_mqtt_put_publish(&writer, "a/b", 0x0102, true, (const uint8_t*)"hi", 2);
  node_mqtt_put_ping(&writer);
  TEST_ASSERT_EQUAL_UINT32(sizeof expected, writer.size);
  TEST_ASSERT_EQUAL_HEX8_ARRAY(expected, room, sizeof expected);
}

static void a_long_publish_has_a_length_of_two_bytes(void) {
  static uint8_t payload[121];
  node_mqtt_put_publish(&writer, "a/b", 1, false, payload, sizeof payload);
  TEST_ASSERT_EQUAL_HEX8(0x80, room[1]);
  TEST_ASSERT_EQUAL_HEX8(0x01, room[2]);
  TEST_ASSERT_EQUAL_UINT32(3 + 128, writer.size);
}

static void nothing_is_published_before_the_server_has_agreed(void) {
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_connect, turn(0));
  node_mqtt_sent(&client, node_mqtt_send_connect, 0);
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, turn(1));
  connack(0, 0);
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_publish, turn(2));
}

static void one_message_is_in_flight_until_its_own_puback(void) {
  connect_at(0, 0);
  publish_at(1);
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, turn(2));
  TEST_ASSERT_EQUAL_INT(node_mqtt_nothing, puback(41));
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, turn(3));
  TEST_ASSERT_EQUAL_INT(node_mqtt_acknowledged, puback(42));
  TEST_ASSERT_EQUAL_INT(node_mqtt_nothing, puback(42));
  publish_at(4);
  TEST_ASSERT_EQUAL_UINT16(43, client.packet_id);
}

static void after_a_reconnect_it_is_sent_again_with_dup_and_its_id(void) {
  connect_at(0, 0);
  publish_at(1);
  node_mqtt_lost(&client);
  connect_at(10, 1);
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_publish, turn(11));
  TEST_ASSERT_TRUE(node_mqtt_is_repeat(&client));
  TEST_ASSERT_EQUAL_UINT16(42, client.packet_id);
  publish_at(11);
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, turn(12));
  TEST_ASSERT_EQUAL_INT(node_mqtt_acknowledged, puback(42));
}

static void a_server_without_the_session_gets_a_new_message(void) {
  connect_at(0, 1);
  publish_at(1);
  node_mqtt_lost(&client);
  connect_at(10, 0);
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_publish, turn(11));
  TEST_ASSERT_FALSE(node_mqtt_is_repeat(&client));
}

static void what_was_not_sent_yet_is_no_repeat(void) {
  connect_at(0, 1);
  TEST_ASSERT_FALSE(node_mqtt_is_repeat(&client));
}

// It may have been meant for a message that the former connection carried, or for nothing.
static void a_puback_before_the_repeat_was_sent_does_not_count(void) {
  connect_at(0, 1);
  publish_at(1);
  node_mqtt_lost(&client);
  connect_at(10, 1);
  TEST_ASSERT_EQUAL_INT(node_mqtt_nothing, puback(42));
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_publish, turn(11));
}

static void silence_is_broken_by_a_ping(void) {
  connect_at(0, 0);
  publish_at(1000);
  TEST_ASSERT_EQUAL_UINT64(46000, node_mqtt_due_ms(&client));
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, turn(45999));
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_ping, turn(46000));
  node_mqtt_sent(&client, node_mqtt_send_ping, 46000);
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, turn(55999));
  TEST_ASSERT_EQUAL_UINT64(56000, node_mqtt_due_ms(&client));
  const uint8_t pingresp[] = {0xD0, 0};
  receive(pingresp, 2);
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, turn(56000));
}

static void a_server_that_does_not_answer_a_ping_is_gone(void) {
  connect_at(0, 0);
  publish_at(0);
  node_mqtt_sent(&client, node_mqtt_send_ping, 45000);
  TEST_ASSERT_EQUAL_INT(node_mqtt_hang_up, turn(55000));
  node_mqtt_lost(&client);
  TEST_ASSERT_EQUAL_INT(node_mqtt_send_connect, turn(55001));
}

static void a_server_that_does_not_agree_in_time_is_gone(void) {
  node_mqtt_sent(&client, node_mqtt_send_connect, 0);
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, turn(9999));
  TEST_ASSERT_EQUAL_INT(node_mqtt_hang_up, turn(10000));
}

static void a_refusal_is_told(void) {
  node_mqtt_sent(&client, node_mqtt_send_connect, 0);
  TEST_ASSERT_EQUAL_INT(node_mqtt_refused, connack(0, 5));
}

static void what_no_server_may_send_is_malformed(void) {
  const uint8_t packets[][4] = {
      {0x30, 2, 0, 0}, {0x20, 1, 0, 0},    {0x40, 1, 0, 0}, {0x41, 2, 0, 0},
      {0xD0, 1, 0, 0}, {0x20, 0x82, 0, 0}, {0x90, 2, 0, 0}, {0x20, 2, 0, 0},
  };
  for (size_t i = 0; i < 8; ++i) {
    setUp();
    connect_at(0, 0);
    NodeMqttNews news = node_mqtt_nothing;
    for (size_t at = 0; at < 4 && news == node_mqtt_nothing; ++at) {
      news = node_mqtt_receive(&client, packets[i][at]);
    }
    TEST_ASSERT_EQUAL_INT(node_mqtt_malformed, news);
  }
}

static void without_keep_alive_it_never_pings(void) {
  node_mqtt_start(&client, 0, 41);
  connect_at(0, 0);
  TEST_ASSERT_EQUAL_INT(node_mqtt_rest, node_mqtt_turn(&client, UINT64_MAX - 1, true, false));
  TEST_ASSERT_EQUAL_UINT64(UINT64_MAX, node_mqtt_due_ms(&client));
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(packets_are_as_in_the_standard);
  RUN_TEST(a_long_publish_has_a_length_of_two_bytes);
  RUN_TEST(nothing_is_published_before_the_server_has_agreed);
  RUN_TEST(one_message_is_in_flight_until_its_own_puback);
  RUN_TEST(after_a_reconnect_it_is_sent_again_with_dup_and_its_id);
  RUN_TEST(a_server_without_the_session_gets_a_new_message);
  RUN_TEST(what_was_not_sent_yet_is_no_repeat);
  RUN_TEST(a_puback_before_the_repeat_was_sent_does_not_count);
  RUN_TEST(silence_is_broken_by_a_ping);
  RUN_TEST(a_server_that_does_not_answer_a_ping_is_gone);
  RUN_TEST(a_server_that_does_not_agree_in_time_is_gone);
  RUN_TEST(a_refusal_is_told);
  RUN_TEST(what_no_server_may_send_is_malformed);
  RUN_TEST(without_keep_alive_it_never_pings);
  return UNITY_END();
}
