// A node over CoAP: what is on the wire, when, and what the gateway's answers do.
#include "tests/unit/firmware-sim/node/device.h"

void setUp(void) { device_start(node_over_coap, node_plain_json); }

static void arrive(uint8_t type, uint8_t code, uint16_t message_id, const uint8_t* token,
                   uint8_t token_size) {
  uint8_t packet[16];
  NodeWriter writer = node_writer(packet, sizeof packet);
  node_coap_put_header(&writer, type, code, message_id, token, token_size);
  fake_arrive(&fake, packet, writer.size);
}

static void a_reading_is_a_confirmable_post_to_the_path(void) {
  device_measure(21370);
  node_poll(&node);
  const NodeCoapMessage request = device_sent(0);
  TEST_ASSERT_EQUAL_UINT8(node_coap_con, request.type);
  TEST_ASSERT_EQUAL_HEX8(node_coap_post, request.code);
  TEST_ASSERT_EQUAL_UINT8(4, request.token_size);
  NodeCoapOption option = {0, 0, NULL, 0};
  TEST_ASSERT_TRUE(node_coap_next_option(&request, &option));
  TEST_ASSERT_EQUAL_UINT32(node_coap_uri_path, option.number);
  TEST_ASSERT_EQUAL_MEMORY("plant", option.value, 5);
  TEST_ASSERT_TRUE(node_coap_next_option(&request, &option));
  TEST_ASSERT_EQUAL_MEMORY("dev-7", option.value, 5);
  TEST_ASSERT_TRUE(node_coap_next_option(&request, &option));
  TEST_ASSERT_EQUAL_UINT32(node_coap_content_format, option.number);
  TEST_ASSERT_EQUAL_UINT32(50, node_coap_option_number(&option));
  const char expected[] =
      "{\"device\":\"dev-7\",\"boot\":1,\"seq\":1,\"age_ms\":0,\"temperature\":21.37,"
      "\"humidity\":40,\"firmware\":\"1.0.0\"}";
  TEST_ASSERT_EQUAL_UINT32(sizeof expected - 1, request.payload_size);
  TEST_ASSERT_EQUAL_MEMORY(expected, request.payload, sizeof expected - 1);
}

static void each_format_says_what_it_is(void) {
  const NodeFormat formats[] = {node_plain_json, node_senml_json, node_senml_cbor};
  const uint32_t numbers[] = {50, 110, 112};
  for (int i = 0; i < 3; ++i) {
    device_start(node_over_coap, formats[i]);
    device_measure(1);
    node_poll(&node);
    const NodeCoapMessage request = device_sent(0);
    NodeCoapOption option = {0, 0, NULL, 0};
    while (node_coap_next_option(&request, &option)) {
    }
    TEST_ASSERT_EQUAL_UINT32(numbers[i], node_coap_option_number(&option));
  }
}

// Without an answer: five times the same bytes, at the times of RFC 7252, then a pause, then a new
// message with the same reading.
static void an_unanswered_request_is_repeated_byte_for_byte(void) {
  fake.next_random = 500;
  device_measure(21370);
  node_poll(&node);
  const uint64_t first_ms = fake.now_ms;
  const uint32_t timeout = node.exchange.timeout_ms;
  while (fake.sent < 5) {
    fake.now_ms = node.exchange.due_ms - node.clock_offset_ms;
    node_poll(&node);
    device_measure(22000);  // new readings do not get into what is in flight
    TEST_ASSERT_EQUAL_UINT32(fake_out_size(&fake, 1), fake_out_size(&fake, 0));
    TEST_ASSERT_EQUAL_MEMORY(fake_out(&fake, 1), fake_out(&fake, 0), fake_out_size(&fake, 0));
  }
  for (unsigned i = 1; i <= 4; ++i) {
    TEST_ASSERT_EQUAL_UINT64(first_ms + timeout * ((1U << i) - 1), fake.out_ms[i]);
  }
  fake.now_ms = node.exchange.due_ms - node.clock_offset_ms;
  node_poll(&node);
  TEST_ASSERT_EQUAL_UINT32(5, fake.sent);
  TEST_ASSERT_EQUAL_UINT32(1, node.counters.failures);
  TEST_ASSERT_GREATER_THAN_UINT64(fake.now_ms, node.resume_ms - node.clock_offset_ms);
  device_poll_at(node.resume_ms - node.clock_offset_ms);
  TEST_ASSERT_EQUAL_UINT32(6, fake.sent);
  TEST_ASSERT_NOT_EQUAL_UINT16(device_sent(1).message_id, device_sent(0).message_id);
  TEST_ASSERT_TRUE(fake_said(&fake, "\"seq\":1,"));
}

static void an_acknowledged_reading_is_freed_and_the_next_one_goes(void) {
  device_measure(1);
  device_measure(2);
  node_poll(&node);
  TEST_ASSERT_EQUAL_UINT32(2, node.ring.count);
  device_answer(node_coap_changed, NULL, 0);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
  TEST_ASSERT_EQUAL_UINT32(1, node.counters.acknowledged);
  TEST_ASSERT_TRUE(fake_said(&fake, "\"seq\":2,"));
}

static void an_empty_ack_frees_nothing(void) {
  device_measure(1);
  node_poll(&node);
  const NodeCoapMessage request = device_sent(0);
  arrive(node_coap_ack, node_coap_empty, request.message_id, NULL, 0);
  node_poll(&node);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
  // The separate response does, and is acknowledged.
  arrive(node_coap_con, node_coap_changed, 0xBEEF, request.token, 4);
  node_poll(&node);
  TEST_ASSERT_EQUAL_UINT32(0, node.ring.count);
  const uint8_t ack[] = {0x60, 0, 0xBE, 0xEF};
  TEST_ASSERT_EQUAL_UINT32(4, fake_out_size(&fake, 0));
  TEST_ASSERT_EQUAL_HEX8_ARRAY(ack, fake_out(&fake, 0), 4);
}

static void a_gateway_that_is_full_is_left_alone_as_long_as_it_says(void) {
  device_measure(1);
  node_poll(&node);
  const uint8_t max_age_30[] = {0xD1, 14 - 13, 30};
  device_answer(node_coap_unavailable, max_age_30, sizeof max_age_30);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
  TEST_ASSERT_EQUAL_UINT32(1, fake.sent);
  device_poll_at(1000 + 30000);
  TEST_ASSERT_EQUAL_UINT32(1, fake.sent);
  device_poll_at(1000 + 32000);
  TEST_ASSERT_EQUAL_UINT32(2, fake.sent);
}

static void a_refused_reading_is_kept_and_tried_again_later_and_later(void) {
  device_measure(1);
  for (int i = 0; i < 12; ++i) {
    node_poll(&node);
    device_answer(node_coap_not_found, NULL, 0);
    const uint64_t wait_ms = node.resume_ms - (fake.now_ms + node.clock_offset_ms);
    TEST_ASSERT_LESS_OR_EQUAL_UINT64(300000, wait_ms);
    if (i == 11) TEST_ASSERT_GREATER_OR_EQUAL_UINT64(150000, wait_ms);
    fake.now_ms += wait_ms;
  }
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
  TEST_ASSERT_EQUAL_UINT32(0, node.ring.dropped);
}

static void a_pack_that_is_too_large_is_halved_and_a_reading_that_is_dropped(void) {
  device_start(node_over_coap, node_senml_json);
  config.batch = 4;
  device_boot();
  for (int32_t i = 1; i <= 4; ++i) device_measure(i);
  const uint16_t sizes[] = {4, 2, 1, 1};
  for (int i = 0; i < 4; ++i) {
    device_poll_at(node.resume_ms - node.clock_offset_ms);
    TEST_ASSERT_EQUAL_UINT16(sizes[i], node.report.readings);
    device_answer(node_coap_too_large, NULL, 0);
  }
  // Alone it was too large twice: it is given up, and the next has its turn.
  TEST_ASSERT_EQUAL_UINT32(2, node.ring.dropped);
  TEST_ASSERT_EQUAL_UINT32(2, node.ring.count);
}

static void a_reset_means_later(void) {
  device_measure(1);
  node_poll(&node);
  arrive(node_coap_rst, node_coap_empty, device_sent(0).message_id, NULL, 0);
  node_poll(&node);
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
  TEST_ASSERT_EQUAL_UINT32(1, fake.sent);
}

static void a_network_that_is_busy_is_tried_again(void) {
  fake.answer = node_sent_busy;
  device_measure(1);
  node_poll(&node);
  fake.answer = node_sent;
  node_poll(&node);
  TEST_ASSERT_EQUAL_UINT32(0, fake.sent);
  device_poll_at(1100);
  TEST_ASSERT_EQUAL_UINT32(1, fake.sent);
  TEST_ASSERT_EQUAL_UINT32(1, node.counters.messages);
}

static void the_gateways_time_is_taken_from_its_answer(void) {
  device_measure(1);
  node_poll(&node);
  fake.now_ms = 1500;
  const char now[] =
      "\xFF"
      "1764450000250";
  device_answer(node_coap_changed, now, sizeof now - 1);
  fake.now_ms = 2500;
  device_measure(2);
  device_poll_at(4000);
  TEST_ASSERT_TRUE(fake_said(&fake, "\"ts\":\"2025-11-29T21:00:01.250Z\""));
}

static void a_time_that_is_none_is_not_believed(void) {
  const char* const texts[] = {
      "\xFF"
      "0",
      "\xFF"
      "17644500002.5",
      "\xFF"
      "yesterday",
      "\xFF"
      "999999999999999999",
      "\xC1\x32\xFF"
      "1764450000250"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) {
    device_measure(1);
    node_poll(&node);
    device_answer(node_coap_changed, texts[i], strlen(texts[i]));
    TEST_ASSERT_EQUAL_UINT64(0, node.unix_0_ms);
  }
  // Nor is a refusal's diagnostic.
  device_measure(1);
  node_poll(&node);
  device_answer(node_coap_not_found,
                "\xFF"
                "1764450000250",
                14);
  TEST_ASSERT_EQUAL_UINT64(0, node.unix_0_ms);
}

static void a_confirmable_that_cannot_be_read_is_reset(void) {
  const uint8_t bad[] = {0x40, 0x45, 0xAB, 0xCD, 0xFF};
  fake_arrive(&fake, bad, sizeof bad);
  node_poll(&node);
  const uint8_t rst[] = {0x70, 0, 0xAB, 0xCD};
  TEST_ASSERT_EQUAL_HEX8_ARRAY(rst, fake_out(&fake, 0), 4);
  const uint8_t bad_non[] = {0x50, 0x45, 0xAB, 0xCD, 0xFF};
  fake_arrive(&fake, bad_non, sizeof bad_non);
  node_poll(&node);
  TEST_ASSERT_EQUAL_UINT32(1, fake.sent);
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(a_reading_is_a_confirmable_post_to_the_path);
  RUN_TEST(each_format_says_what_it_is);
  RUN_TEST(an_unanswered_request_is_repeated_byte_for_byte);
  RUN_TEST(an_acknowledged_reading_is_freed_and_the_next_one_goes);
  RUN_TEST(an_empty_ack_frees_nothing);
  RUN_TEST(a_gateway_that_is_full_is_left_alone_as_long_as_it_says);
  RUN_TEST(a_refused_reading_is_kept_and_tried_again_later_and_later);
  RUN_TEST(a_pack_that_is_too_large_is_halved_and_a_reading_that_is_dropped);
  RUN_TEST(a_reset_means_later);
  RUN_TEST(a_network_that_is_busy_is_tried_again);
  RUN_TEST(the_gateways_time_is_taken_from_its_answer);
  RUN_TEST(a_time_that_is_none_is_not_believed);
  RUN_TEST(a_confirmable_that_cannot_be_read_is_reset);
  return UNITY_END();
}
