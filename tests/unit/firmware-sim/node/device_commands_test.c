// Commands to a device: CoAP PUT from the gateway.
#include "tests/unit/firmware-sim/node/device.h"

void setUp(void) { device_start(node_over_coap, node_plain_json); }

enum { no_answer = 0 };

// Sends a request and gives the code of the answer, which has its message id and token.
static uint8_t ask(uint8_t type, uint8_t code, uint16_t message_id, const char* path,
                   const char* payload) {
  const uint8_t token[] = {9, 8};
  uint8_t packet[128];
  NodeWriter writer = node_writer(packet, sizeof packet);
  node_coap_put_header(&writer, type, code, message_id, token, 2);
  uint32_t last = 0;
  node_coap_put_path(&writer, &last, path);
  if (payload[0] != '\0') {
    node_put_byte(&writer, 0xFF);
    node_put_text(&writer, payload);
  }
  fake_arrive(&fake, packet, writer.size);
  const unsigned before = fake.sent;
  node_poll(&node);
  if (fake.sent == before) return no_answer;
  const NodeCoapMessage answer = device_sent(0);
  TEST_ASSERT_EQUAL_UINT8(2, answer.token_size);
  TEST_ASSERT_EQUAL_MEMORY(token, answer.token, 2);
  if (type == node_coap_con) {
    TEST_ASSERT_EQUAL_UINT8(node_coap_ack, answer.type);
    TEST_ASSERT_EQUAL_UINT16(message_id, answer.message_id);
  } else {
    TEST_ASSERT_EQUAL_UINT8(node_coap_non, answer.type);
  }
  return answer.code;
}

static uint8_t put(uint16_t message_id, const char* path, const char* payload) {
  return ask(node_coap_con, node_coap_put, message_id, path, payload);
}

static void the_interval_is_changed_and_kept_through_a_reboot(void) {
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed, put(1, "interval", "250"));
  TEST_ASSERT_EQUAL_UINT64(fake.now_ms + 250, node_wake_ms(&node));
  device_boot();
  device_measure(1);
  device_measure(2);
  fake.now_ms += 1000;
  device_measure(3);
  fake.now_ms += 249;
  TEST_ASSERT_FALSE(node_is_due(&node));
  fake.now_ms += 1;
  TEST_ASSERT_TRUE(node_is_due(&node));
}

static void an_interval_out_of_bounds_changes_nothing(void) {
  const char* const texts[] = {"", "9", "604800001", "1e3", "-5", "99999999999999999999"};
  for (uint16_t i = 0; i < 6; ++i) {
    TEST_ASSERT_EQUAL_HEX8(node_coap_bad_request, put(i, "interval", texts[i]));
  }
  TEST_ASSERT_EQUAL_UINT32(0, node.saved.interval_ms);
  TEST_ASSERT_EQUAL_UINT32(1, fake.saves);  // the boot
}

static void a_reboot_is_answered_first(void) {
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed, put(1, "reboot", ""));
  TEST_ASSERT_EQUAL_INT(node_restarts, node_poll(&node));
  device_boot();
  TEST_ASSERT_EQUAL_INT(node_runs, node_poll(&node));
  TEST_ASSERT_EQUAL_UINT32(2, node.saved.boot);
}

static void a_firmware_version_is_told_after_the_reboot(void) {
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed, put(1, "firmware", "1.2.3-rc_1"));
  TEST_ASSERT_EQUAL_HEX8(node_coap_bad_request, put(2, "firmware", "1.2\""));
  TEST_ASSERT_EQUAL_HEX8(node_coap_bad_request, put(3, "firmware", "1234567890123456"));
  device_boot();
  device_measure(1);
  node_poll(&node);
  TEST_ASSERT_TRUE(fake_said(&fake, "\"firmware\":\"1.2.3-rc_1\""));
}

static void a_repeated_command_is_answered_again_and_not_done_again(void) {
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed, put(1, "interval", "250"));
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed, put(2, "interval", "500"));
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed, put(1, "interval", "250"));
  TEST_ASSERT_EQUAL_UINT32(500, node.saved.interval_ms);
  // An error too.
  TEST_ASSERT_EQUAL_HEX8(node_coap_not_found, put(3, "no", "250"));
  TEST_ASSERT_EQUAL_HEX8(node_coap_not_found, put(3, "no", "250"));
  // After EXCHANGE_LIFETIME the message id is free again.
  fake.now_ms += 247000;
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed, put(1, "interval", "250"));
  TEST_ASSERT_EQUAL_UINT32(250, node.saved.interval_ms);
}

static void a_non_confirmable_command_is_answered_by_one_and_its_repeat_by_none(void) {
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed,
                         ask(node_coap_non, node_coap_put, 1, "interval", "250"));
  TEST_ASSERT_EQUAL_HEX8(no_answer, ask(node_coap_non, node_coap_put, 1, "interval", "250"));
}

// The NON has a message id of the device; the request in flight keeps its own.
static void an_answer_does_not_disturb_the_request_in_flight(void) {
  device_measure(1);
  node_poll(&node);
  const uint16_t message_id = device_sent(0).message_id;
  ask(node_coap_non, node_coap_put, 1, "interval", "60000");
  device_poll_at(fake.now_ms + 3000);
  TEST_ASSERT_EQUAL_UINT16(message_id, device_sent(0).message_id);
}

static void what_is_not_there_or_not_allowed_is_said_so(void) {
  TEST_ASSERT_EQUAL_HEX8(node_coap_not_found, put(1, "", ""));
  TEST_ASSERT_EQUAL_HEX8(node_coap_not_found, put(2, "interval/x", "250"));
  TEST_ASSERT_EQUAL_HEX8(node_coap_not_found, put(3, "x/interval", "250"));
  TEST_ASSERT_EQUAL_HEX8(node_coap_not_allowed, ask(node_coap_con, 1, 4, "interval", ""));
  TEST_ASSERT_EQUAL_HEX8(node_coap_not_allowed,
                         ask(node_coap_con, node_coap_post, 5, "reboot", ""));
  TEST_ASSERT_EQUAL_INT(node_runs, node_poll(&node));
}

static void options_that_must_be_understood_are(void) {
  const struct {
    uint32_t number;
    uint8_t code;
  } cases[] = {{3, 0x44},  {7, 0x44},  {17, 0x44}, {12, 0x44}, {60, 0x44},
               {15, 0x82}, {27, 0x82}, {35, 0xA5}, {39, 0xA5}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    uint8_t packet[64];
    NodeWriter writer = node_writer(packet, sizeof packet);
    node_coap_put_header(&writer, node_coap_con, node_coap_put, (uint16_t)i, NULL, 0);
    uint32_t last = 0;
    if (cases[i].number < 11) node_coap_put_option(&writer, &last, cases[i].number, "", 0);
    node_coap_put_path(&writer, &last, "interval");
    if (cases[i].number > 11) node_coap_put_option(&writer, &last, cases[i].number, "", 0);
    node_put_text(&writer,
                  "\xFF"
                  "500");
    fake_arrive(&fake, packet, writer.size);
    node_poll(&node);
    TEST_ASSERT_EQUAL_HEX8(cases[i].code, device_sent(0).code);
  }
}

static void a_command_comes_through_while_the_gateway_does_not_answer(void) {
  device_measure(1);
  node_poll(&node);
  TEST_ASSERT_EQUAL_HEX8(node_coap_changed, put(1, "interval", "250"));
  TEST_ASSERT_EQUAL_UINT32(1, node.ring.count);
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(the_interval_is_changed_and_kept_through_a_reboot);
  RUN_TEST(an_interval_out_of_bounds_changes_nothing);
  RUN_TEST(a_reboot_is_answered_first);
  RUN_TEST(a_firmware_version_is_told_after_the_reboot);
  RUN_TEST(a_repeated_command_is_answered_again_and_not_done_again);
  RUN_TEST(a_non_confirmable_command_is_answered_by_one_and_its_repeat_by_none);
  RUN_TEST(an_answer_does_not_disturb_the_request_in_flight);
  RUN_TEST(what_is_not_there_or_not_allowed_is_said_so);
  RUN_TEST(options_that_must_be_understood_are);
  RUN_TEST(a_command_comes_through_while_the_gateway_does_not_answer);
  return UNITY_END();
}
