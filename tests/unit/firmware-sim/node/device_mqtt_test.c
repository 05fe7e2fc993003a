// A node over MQTT: its ring, the client and the stream together.
#include "tests/unit/firmware-sim/node/device.h"

void setUp(void) { device_start(node_over_mqtt, node_senml_json); }

static void arrive(uint8_t first, uint8_t a, uint8_t b) {
  const uint8_t packet[] = {first, 2, a, b};
  fake_arrive(&fake, packet, sizeof packet);
  node_poll(&node);
}

static void connect_with(uint8_t session_present) {
  node_poll(&node);
  TEST_ASSERT_EQUAL_HEX8(0x10, fake_out(&fake, 0)[0]);
  arrive(0x20, session_present, 0);
}

// The packet id of a PUBLISH to plant/dev-7.
static uint16_t id_of(const uint8_t* publish) {
  const uint8_t* const at = publish + ((publish[1] & 128) != 0 ? 3 : 2) + 2 + 11;
  return (uint16_t)((uint16_t)at[0] << 8 | at[1]);
}

static void acknowledge(void) {
  const uint16_t id = id_of(fake_out(&fake, 0));
  arrive(0x40, (uint8_t)(id >> 8), (uint8_t)id);
}

static void come_back(void) { device_poll_at(node.resume_ms - node.clock_offset_ms); }

static void readings_are_published_when_the_server_has_agreed(void) {
  device_measure(1);
  connect_with(0);
  TEST_ASSERT_EQUAL_UINT32(2, fake.sent);
  TEST_ASSERT_EQUAL_HEX8(0x32, fake_out(&fake, 0)[0]);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
  acknowledge();
  TEST_ASSERT_EQUAL_UINT32(0, node.ring.count);
  device_measure(2);
  node_poll(&node);
  TEST_ASSERT_EQUAL_HEX8(0x32, fake_out(&fake, 0)[0]);
}

static void after_a_reconnect_the_same_bytes_come_with_dup(void) {
  device_measure(1);
  connect_with(0);
  static uint8_t first[fake_room];
  const size_t size = fake_out_size(&fake, 0);
  memcpy(first, fake_out(&fake, 0), size);
  device_measure(2);
  fake.is_ended = true;
  node_poll(&node);
  const unsigned sent = fake.sent;
  node_poll(&node);
  TEST_ASSERT_EQUAL_UINT32(sent, fake.sent);  // it does not come back at once
  come_back();
  arrive(0x20, 1, 0);
  TEST_ASSERT_EQUAL_HEX8(0x3A, fake_out(&fake, 0)[0]);
  TEST_ASSERT_EQUAL_UINT32(size, fake_out_size(&fake, 0));
  TEST_ASSERT_EQUAL_MEMORY(first + 1, fake_out(&fake, 0) + 1, size - 1);
  TEST_ASSERT_EQUAL_UINT32(1, node.counters.repeats);
  acknowledge();
  TEST_ASSERT_EQUAL_UINT32(1, node.counters.acknowledged);
  TEST_ASSERT_EQUAL_HEX8(0x32, fake_out(&fake, 0)[0]);  // the next one
}

static void while_it_waits_for_the_servers_agreement_it_sleeps(void) {
  device_measure(1);
  connect_with(0);
  fake.is_ended = true;
  node_poll(&node);
  node_plan_reading(&node, fake.now_ms + 600000);
  come_back();
  TEST_ASSERT_EQUAL_HEX8(0x10, fake_out(&fake, 0)[0]);
  TEST_ASSERT_EQUAL_UINT64(fake.now_ms + node_mqtt_connect_wait_ms, node_wake_ms(&node));
}

static void a_server_that_has_forgotten_gets_it_without_dup(void) {
  device_measure(1);
  connect_with(0);
  fake.is_ended = true;
  node_poll(&node);
  come_back();
  arrive(0x20, 0, 0);
  TEST_ASSERT_EQUAL_HEX8(0x32, fake_out(&fake, 0)[0]);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
}

static void packet_ids_go_up_and_skip_zero(void) {
  connect_with(0);
  node.mqtt.packet_id = 65534;
  for (int i = 0; i < 2; ++i) {
    device_measure(i);
    node_poll(&node);
    TEST_ASSERT_EQUAL_UINT16(i == 0 ? 65535 : 1, id_of(fake_out(&fake, 0)));
    acknowledge();
  }
}

static void a_refused_connection_is_tried_again_much_later(void) {
  node_poll(&node);
  arrive(0x20, 0, 4);
  TEST_ASSERT_EQUAL_UINT32(1, fake.hung_up);
  device_poll_at(60000);
  TEST_ASSERT_EQUAL_UINT32(1, fake.sent);
  device_poll_at(63000);
  TEST_ASSERT_EQUAL_UINT32(2, fake.sent);
}

static void a_server_that_talks_nonsense_is_left(void) {
  device_measure(1);
  connect_with(0);
  arrive(0x32, 0, 0);
  TEST_ASSERT_EQUAL_UINT32(1, fake.hung_up);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
}

static void a_stream_that_is_busy_loses_nothing(void) {
  connect_with(0);
  fake.answer = node_sent_busy;
  device_measure(1);
  node_poll(&node);
  fake.answer = node_sent;
  come_back();
  TEST_ASSERT_EQUAL_HEX8(0x32, fake_out(&fake, 0)[0]);
  TEST_ASSERT_EQUAL_UINT32(1, node.counters.messages);
}

static void a_stream_that_is_closed_is_opened_again(void) {
  connect_with(0);
  fake.answer = node_sent_closed;
  device_measure(1);
  node_poll(&node);
  fake.answer = node_sent;
  come_back();
  TEST_ASSERT_EQUAL_HEX8(0x10, fake_out(&fake, 0)[0]);
}

static void it_pings_in_silence_and_leaves_a_server_that_does_not_answer(void) {
  connect_with(0);
  device_poll_at(46000);
  TEST_ASSERT_EQUAL_HEX8(0xC0, fake_out(&fake, 0)[0]);
  device_poll_at(56000);
  TEST_ASSERT_EQUAL_UINT32(1, fake.hung_up);
  come_back();
  TEST_ASSERT_EQUAL_HEX8(0x10, fake_out(&fake, 0)[0]);
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(readings_are_published_when_the_server_has_agreed);
  RUN_TEST(after_a_reconnect_the_same_bytes_come_with_dup);
  RUN_TEST(while_it_waits_for_the_servers_agreement_it_sleeps);
  RUN_TEST(a_server_that_has_forgotten_gets_it_without_dup);
  RUN_TEST(packet_ids_go_up_and_skip_zero);
  RUN_TEST(a_refused_connection_is_tried_again_much_later);
  RUN_TEST(a_server_that_talks_nonsense_is_left);
  RUN_TEST(a_stream_that_is_busy_loses_nothing);
  RUN_TEST(a_stream_that_is_closed_is_opened_again);
  RUN_TEST(it_pings_in_silence_and_leaves_a_server_that_does_not_answer);
  return UNITY_END();
}
