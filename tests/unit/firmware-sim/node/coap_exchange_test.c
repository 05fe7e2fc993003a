// CoAP messages and the exchange (RFC 7252), without a node.
#include "firmware-sim/node/coap_exchange.h"

#include <string.h>

#include "firmware-sim/node/coap_message.h"
#include "firmware-sim/unity/unity.h"

static uint8_t room[1300];
static NodeWriter writer;
static NodeExchange exchange;
static NodeExchangeReply reply;

enum { id = 0x1234, token = 0x01020304, now = 5000 };

void setUp(void) {
  writer = node_writer(room, sizeof room);
  memset(&exchange, 0, sizeof exchange);
  node_exchange_start(&exchange, id, token, 0, now);
}

static NodeCoapDecoded decode(NodeCoapMessage* message, const uint8_t* bytes, size_t size) {
  return node_coap_decode(bytes, size, message);
}

// Options of all lengths that change the encoding, with deltas that do.
static void options_are_read_as_they_were_written(void) {
  static uint8_t value[400];
  const uint32_t numbers[] = {1, 13, 14, 282, 283, 284, 284, 60000};
  const size_t sizes[] = {0, 12, 13, 14, 268, 269, 300, 1};
  for (size_t i = 0; i < sizeof value; ++i) value[i] = (uint8_t)i;
  node_coap_put_header(&writer, node_coap_con, node_coap_put, id, value, 8);
  uint32_t last = 0;
  for (size_t i = 0; i < 8; ++i) {
    node_coap_put_option(&writer, &last, numbers[i], value, sizes[i]);
  }
  node_put_byte(&writer, 0xFF);
  node_put_text(&writer, "payload");
  TEST_ASSERT_FALSE(writer.is_full);

  NodeCoapMessage message;
  TEST_ASSERT_EQUAL_INT(node_coap_ok, decode(&message, room, writer.size));
  TEST_ASSERT_EQUAL_HEX16(id, message.message_id);
  TEST_ASSERT_EQUAL_UINT8(8, message.token_size);
  TEST_ASSERT_EQUAL_MEMORY(value, message.token, 8);
  NodeCoapOption option = {0, 0, NULL, 0};
  for (size_t i = 0; i < 8; ++i) {
    TEST_ASSERT_TRUE(node_coap_next_option(&message, &option));
    TEST_ASSERT_EQUAL_UINT32(numbers[i], option.number);
    TEST_ASSERT_EQUAL_UINT32(sizes[i], option.size);
    if (option.size > 0) TEST_ASSERT_EQUAL_MEMORY(value, option.value, option.size);
  }
  TEST_ASSERT_FALSE(node_coap_next_option(&message, &option));
  TEST_ASSERT_EQUAL_UINT32(7, message.payload_size);
  TEST_ASSERT_EQUAL_MEMORY("payload", message.payload, 7);
  // And none of it can be cut off without being noticed, or being a shorter message.
  for (size_t size = 0; size < writer.size; ++size) decode(&message, room, size);
}

static void bytes_on_the_wire_are_as_in_the_standard(void) {
  const uint8_t own[] = {1, 2, 3, 4};
  const uint8_t expected[] = {0x44, 0x02, 0x12, 0x34, 1,   2,   3,   4,   0xB5, 'p',  'l',
                              'a',  'n',  't',  0x05, 'd', 'e', 'v', '-', '7',  0x11, 110};
  node_coap_put_header(&writer, node_coap_con, node_coap_post, id, own, 4);
  uint32_t last = 0;
  node_coap_put_path(&writer, &last, "/plant/dev-7");
  node_coap_put_option_number(&writer, &last, node_coap_content_format, 110);
  TEST_ASSERT_EQUAL_UINT32(sizeof expected, writer.size);
  TEST_ASSERT_EQUAL_HEX8_ARRAY(expected, room, sizeof expected);
}

static void a_number_option_takes_as_few_bytes_as_it_can(void) {
  const uint32_t numbers[] = {0, 1, 255, 256, 65536, 0x01000000, UINT32_MAX};
  const size_t sizes[] = {0, 1, 1, 2, 3, 4, 4};
  node_coap_put_header(&writer, node_coap_non, node_coap_post, id, NULL, 0);
  uint32_t last = 0;
  for (size_t i = 0; i < 7; ++i) node_coap_put_option_number(&writer, &last, 14, numbers[i]);
  NodeCoapMessage message;
  TEST_ASSERT_EQUAL_INT(node_coap_ok, decode(&message, room, writer.size));
  NodeCoapOption option = {0, 0, NULL, 0};
  for (size_t i = 0; i < 7; ++i) {
    TEST_ASSERT_TRUE(node_coap_next_option(&message, &option));
    TEST_ASSERT_EQUAL_UINT32(sizes[i], option.size);
    TEST_ASSERT_EQUAL_UINT32(numbers[i], node_coap_option_number(&option));
  }
}

static void format_errors_are_told_from_what_is_not_ours(void) {
  const struct {
    uint8_t bytes[8];
    size_t size;
    NodeCoapDecoded decoded;
  } cases[] = {
      {{0x40, 0x00, 1, 2}, 4, node_coap_ok},
      {{0x40, 0x00, 1}, 3, node_coap_alien},
      {{0x80, 0x00, 1, 2}, 4, node_coap_alien},                  // version 2
      {{0x49, 0x45, 1, 2, 0, 0, 0, 0}, 8, node_coap_malformed},  // a token of 9 bytes
      {{0x42, 0x45, 1, 2, 7}, 5, node_coap_malformed},           // a token cut off
      {{0x41, 0x00, 1, 2, 7}, 5, node_coap_malformed},           // an empty message with a token
      {{0x40, 0x45, 1, 2, 0xFF}, 5, node_coap_malformed},        // a marker without payload
      {{0x40, 0x45, 1, 2, 0xF1, 7}, 6, node_coap_malformed},     // reserved delta
      {{0x40, 0x45, 1, 2, 0x1F, 7}, 6, node_coap_malformed},     // reserved length
      {{0x40, 0x45, 1, 2, 0xD1}, 5, node_coap_malformed},        // an extended delta cut off
      {{0x40, 0x45, 1, 2, 0xE1, 7}, 6, node_coap_malformed},
      {{0x40, 0x45, 1, 2, 0x13, 7, 7}, 7, node_coap_malformed},  // a value cut off
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    NodeCoapMessage message;
    TEST_ASSERT_EQUAL_INT(cases[i].decoded, decode(&message, cases[i].bytes, cases[i].size));
    if (cases[i].decoded == node_coap_malformed) {
      TEST_ASSERT_EQUAL_HEX16(0x0102, message.message_id);
    }
  }
}

// --- the exchange ---

static NodeExchangeNews receive(uint8_t type, uint8_t code, uint16_t message_id, uint32_t own) {
  const uint8_t bytes[4] = {(uint8_t)(own >> 24), (uint8_t)(own >> 16), (uint8_t)(own >> 8),
                            (uint8_t)own};
  NodeCoapMessage message;
  memset(&message, 0, sizeof message);
  message.type = type;
  message.code = code;
  message.message_id = message_id;
  message.token = bytes;
  message.token_size = code == node_coap_empty ? 0 : 4;
  return node_exchange_receive(&exchange, &message, now, &reply);
}

// RFC 7252 section 4.2: the first timeout in ACK_TIMEOUT .. ACK_TIMEOUT * ACK_RANDOM_FACTOR,
// doubled with each of MAX_RETRANSMIT retransmissions; after the last one it is waited once more.
static void it_is_sent_again_after_the_times_of_the_standard(void) {
  const uint32_t randoms[] = {0, 1, 500, 1000, 1001, UINT32_MAX};
  for (size_t i = 0; i < 6; ++i) {
    node_exchange_start(&exchange, id, token, randoms[i], now);
    const uint32_t first = exchange.timeout_ms;
    TEST_ASSERT_UINT32_WITHIN(500, 2500, first);
    uint64_t sent_ms = now;
    uint32_t timeout = first;
    for (int again = 1; again <= 4; ++again) {
      TEST_ASSERT_EQUAL_INT(node_exchange_rest,
                            node_exchange_turn(&exchange, sent_ms + timeout - 1));
      sent_ms += timeout;
      TEST_ASSERT_EQUAL_INT(node_exchange_send_again, node_exchange_turn(&exchange, sent_ms));
      timeout *= 2;
    }
    TEST_ASSERT_EQUAL_UINT64(now + 15 * (uint64_t)first, sent_ms);  // MAX_TRANSMIT_SPAN: 45 s
    TEST_ASSERT_EQUAL_INT(node_exchange_rest, node_exchange_turn(&exchange, sent_ms + timeout - 1));
    TEST_ASSERT_EQUAL_INT(node_exchange_give_up, node_exchange_turn(&exchange, sent_ms + timeout));
    TEST_ASSERT_EQUAL_INT(node_exchange_rest, node_exchange_turn(&exchange, UINT64_MAX));
  }
  node_exchange_start(&exchange, id, token, 1000, now);
  TEST_ASSERT_EQUAL_UINT32(3000, exchange.timeout_ms);
  node_exchange_start(&exchange, id, token, 1001, now);
  TEST_ASSERT_EQUAL_UINT32(2000, exchange.timeout_ms);
}

static void a_response_in_the_ack_ends_it(void) {
  TEST_ASSERT_EQUAL_INT(node_exchange_answered,
                        receive(node_coap_ack, node_coap_changed, id, token));
  TEST_ASSERT_EQUAL_INT(node_exchange_silence, reply);
  TEST_ASSERT_EQUAL_INT(node_exchange_rest, node_exchange_turn(&exchange, UINT64_MAX));
  TEST_ASSERT_EQUAL_INT(node_exchange_nothing,
                        receive(node_coap_ack, node_coap_changed, id, token));
}

static void what_belongs_to_another_exchange_means_nothing(void) {
  receive(node_coap_ack, node_coap_changed, id - 1, token);
  TEST_ASSERT_EQUAL_INT(node_exchange_waiting, exchange.state);
  receive(node_coap_ack, node_coap_changed, id, token - 1);
  TEST_ASSERT_EQUAL_INT(node_exchange_waiting, exchange.state);
  receive(node_coap_ack, node_coap_post, id, token);  // a request is no response
  TEST_ASSERT_EQUAL_INT(node_exchange_waiting, exchange.state);
  receive(node_coap_rst, node_coap_empty, id + 1, 0);
  TEST_ASSERT_EQUAL_INT(node_exchange_waiting, exchange.state);
  TEST_ASSERT_EQUAL_INT(node_exchange_nothing,
                        receive(node_coap_con, node_coap_changed, 7, token + 1));
  TEST_ASSERT_EQUAL_INT(node_exchange_waiting, exchange.state);
  TEST_ASSERT_EQUAL_INT(node_exchange_refuse, reply);
  receive(node_coap_non, node_coap_changed, 7, token + 1);
  TEST_ASSERT_EQUAL_INT(node_exchange_silence, reply);
}

static void an_empty_ack_promises_an_answer_and_stops_the_retransmissions(void) {
  TEST_ASSERT_EQUAL_INT(node_exchange_nothing, receive(node_coap_ack, node_coap_empty, id, 0));
  TEST_ASSERT_EQUAL_INT(node_exchange_rest, node_exchange_turn(&exchange, now + 60000));
  TEST_ASSERT_EQUAL_INT(node_exchange_answered,
                        receive(node_coap_con, node_coap_changed, 77, token));
  TEST_ASSERT_EQUAL_INT(node_exchange_acknowledge, reply);
  // Our ACK was lost: it is acknowledged again, and means nothing more.
  TEST_ASSERT_EQUAL_INT(node_exchange_nothing,
                        receive(node_coap_con, node_coap_changed, 77, token));
  TEST_ASSERT_EQUAL_INT(node_exchange_acknowledge, reply);
  // Also when the next request is under way.
  node_exchange_start(&exchange, id + 1, token + 1, 0, now);
  TEST_ASSERT_EQUAL_INT(node_exchange_nothing,
                        receive(node_coap_con, node_coap_changed, 77, token));
  TEST_ASSERT_EQUAL_INT(node_exchange_acknowledge, reply);
  TEST_ASSERT_EQUAL_INT(node_exchange_waiting, exchange.state);
}

static void a_promise_is_not_believed_for_ever(void) {
  receive(node_coap_ack, node_coap_empty, id, 0);
  TEST_ASSERT_EQUAL_INT(node_exchange_rest, node_exchange_turn(&exchange, now + 92999));
  TEST_ASSERT_EQUAL_INT(node_exchange_give_up, node_exchange_turn(&exchange, now + 93000));
}

static void a_second_empty_ack_does_not_prolong_the_promise(void) {
  receive(node_coap_ack, node_coap_empty, id, 0);
  exchange.due_ms = now + 1;
  receive(node_coap_ack, node_coap_empty, id, 0);
  TEST_ASSERT_EQUAL_UINT64(now + 1, exchange.due_ms);
}

static void a_separate_response_may_overtake_the_ack(void) {
  TEST_ASSERT_EQUAL_INT(node_exchange_answered,
                        receive(node_coap_non, node_coap_changed, 77, token));
  TEST_ASSERT_EQUAL_INT(node_exchange_silence, reply);
  TEST_ASSERT_EQUAL_INT(node_exchange_nothing, receive(node_coap_ack, node_coap_empty, id, 0));
  TEST_ASSERT_EQUAL_INT(node_exchange_idle, exchange.state);
}

static void a_reset_ends_it(void) {
  TEST_ASSERT_EQUAL_INT(node_exchange_reset, receive(node_coap_rst, node_coap_empty, id, 0));
  TEST_ASSERT_EQUAL_INT(node_exchange_idle, exchange.state);
}

static void a_ping_is_answered_with_a_reset(void) {
  receive(node_coap_con, node_coap_empty, 9, 0);
  TEST_ASSERT_EQUAL_INT(node_exchange_refuse, reply);
  TEST_ASSERT_EQUAL_INT(node_exchange_waiting, exchange.state);
}

static void a_response_with_an_unknown_critical_option_is_rejected(void) {
  static const uint8_t options[] = {0x90};  // If-None-Match would be 5; 9 is Oscore
  const uint8_t own[4] = {1, 2, 3, 4};
  NodeCoapMessage message;
  memset(&message, 0, sizeof message);
  message.type = node_coap_con;
  message.code = node_coap_changed;
  message.token = own;
  message.token_size = 4;
  message.options = options;
  message.options_size = 1;
  node_exchange_receive(&exchange, &message, now, &reply);
  TEST_ASSERT_EQUAL_INT(node_exchange_waiting, exchange.state);
  TEST_ASSERT_EQUAL_INT(node_exchange_refuse, reply);
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(options_are_read_as_they_were_written);
  RUN_TEST(bytes_on_the_wire_are_as_in_the_standard);
  RUN_TEST(a_number_option_takes_as_few_bytes_as_it_can);
  RUN_TEST(format_errors_are_told_from_what_is_not_ours);
  RUN_TEST(it_is_sent_again_after_the_times_of_the_standard);
  RUN_TEST(a_response_in_the_ack_ends_it);
  RUN_TEST(what_belongs_to_another_exchange_means_nothing);
  RUN_TEST(an_empty_ack_promises_an_answer_and_stops_the_retransmissions);
  RUN_TEST(a_promise_is_not_believed_for_ever);
  RUN_TEST(a_second_empty_ack_does_not_prolong_the_promise);
  RUN_TEST(a_separate_response_may_overtake_the_ack);
  RUN_TEST(a_reset_ends_it);
  RUN_TEST(a_ping_is_answered_with_a_reset);
  RUN_TEST(a_response_with_an_unknown_critical_option_is_rejected);
  return UNITY_END();
}
