// The way over CoAP: one confirmable POST at a time, and commands that come back.
#include <string.h>

#include "firmware-sim/node/node_link.h"

enum { busy_retry_ms = 100, datagrams_a_turn = 8, max_max_age_s = 3600, default_max_age_s = 60 };
// The first whole second of 2020: no gateway lives earlier.
static const uint64_t first_credible_ms = 1577836800000U;

static uint8_t content_format_of(NodeFormat format) {
  switch (format) {
    case node_senml_json:
      return 110;
    case node_senml_cbor:
      return 112;
    default:
      return 50;
  }
}

static void write_request(const Node* node, NodeWriter* writer) {
  uint8_t token[4];
  node_exchange_token(&node->exchange, token);
  node_coap_put_header(writer, node_coap_con, node_coap_post, node->exchange.message_id, token, 4);
  uint32_t last = 0;
  node_coap_put_path(writer, &last, node->config->path);
  node_coap_put_option_number(writer, &last, node_coap_content_format,
                              content_format_of(node->config->format));
  node_put_byte(writer, 0xFF);
  node_write(node, writer);
}

// Sends the report in flight; a new one takes fewer readings until it fits a packet.
static NodeSent send_request(Node* node) {
  uint8_t packet[node_packet_bytes];
  NodeWriter writer = node_writer(packet, sizeof packet);
  write_request(node, &writer);
  while (writer.is_full && node->report.readings > 1) {
    node->report.readings /= 2;
    writer = node_writer(packet, sizeof packet);
    write_request(node, &writer);
  }
  return node_transmit(node, packet, writer.size);
}

static void start_exchange(Node* node) {
  if (!node_make_report(node)) return;
  const uint64_t now_ms = node_clock_ms(node);
  node_exchange_start(&node->exchange, ++node->message_id, ++node->token,
                      node->port->random(node->port->context), now_ms);
  if (send_request(node) == node_sent) return;
  // It was not on the wire: the next try is a new message.
  node->exchange.state = node_exchange_idle;
  --node->counters.messages;
  node->resume_ms = now_ms + busy_retry_ms;
}

// The time in the answer, if there is one: plain text, milliseconds since 1970.
static void learn_time(Node* node, const NodeCoapMessage* response) {
  uint64_t unix_ms = 0;
  NodeCoapOption option = {0, 0, NULL, 0};
  while (node_coap_next_option(response, &option)) {
    if (option.number == node_coap_content_format && node_coap_option_number(&option) != 0) return;
  }
  if (!node_read_decimal(response->payload, response->payload_size, 253402300799999U, &unix_ms)) {
    return;
  }
  if (unix_ms >= first_credible_ms) node_set_time(node, unix_ms);
}

static uint32_t max_age_ms(const NodeCoapMessage* response) {
  uint32_t seconds = default_max_age_s;
  NodeCoapOption option = {0, 0, NULL, 0};
  while (node_coap_next_option(response, &option)) {
    if (option.number == node_coap_max_age) seconds = node_coap_option_number(&option);
  }
  return (seconds < max_max_age_s ? seconds : max_max_age_s) * 1000;
}

static void take_answer(Node* node, const NodeCoapMessage* response) {
  switch (response->code >> 5) {
    case 2:
      learn_time(node, response);
      node_report_acknowledged(node);
      return;
    case 5:
      node_fall_back(node, response->code == node_coap_unavailable ? max_age_ms(response) : 0);
      return;
    default:
      break;
  }
  node_fall_back(node, 0);
  if (response->code != node_coap_too_large) return;  // a configuration that somebody will mend
  if (node->report.readings > 1) {
    node->batch = (uint8_t)(node->report.readings / 2);
  } else {
    // It will never fit: no other reading shall wait for it.
    node_ring_drop(&node->ring, node_clock_ms(node));
  }
}

static void send_empty(Node* node, uint8_t type, uint16_t message_id) {
  uint8_t packet[4];
  NodeWriter writer = node_writer(packet, sizeof packet);
  node_coap_put_header(&writer, type, node_coap_empty, message_id, NULL, 0);
  node_transmit(node, packet, writer.size);
}

static void take_request(Node* node, const NodeCoapMessage* request) {
  const uint64_t now_ms = node_clock_ms(node);
  uint8_t code = node_answers_find(&node->answers, request->message_id, now_ms);
  const bool is_con = request->type == node_coap_con;
  if (code != 0 && !is_con) return;
  if (code == 0) {
    NodeCommand command;
    code = node_command_read(request, &command);
    // A NON that is not understood is dropped in silence (RFC 7252 section 5.4.1).
    if (!is_con && code == node_coap_bad_option) return;
    node_answers_add(&node->answers, request->message_id, code, now_ms);
    node_obey(node, &command);
  }
  uint8_t packet[12];
  NodeWriter writer = node_writer(packet, sizeof packet);
  // In the ACK (piggybacked), or in a NON with a message id of our own.
  const uint16_t message_id = is_con ? request->message_id : ++node->message_id;
  node_coap_put_header(&writer, is_con ? node_coap_ack : node_coap_non, code, message_id,
                       request->token, request->token_size);
  node_transmit(node, packet, writer.size);
}

static void take_datagram(Node* node, const uint8_t* bytes, size_t size) {
  NodeCoapMessage message;
  const NodeCoapDecoded decoded = node_coap_decode(bytes, size, &message);
  if (decoded == node_coap_alien) return;
  if (decoded == node_coap_malformed) {
    if (message.type == node_coap_con) send_empty(node, node_coap_rst, message.message_id);
    return;
  }
  const bool is_message = message.type == node_coap_con || message.type == node_coap_non;
  if (is_message && node_coap_is_request(message.code)) {
    take_request(node, &message);
    return;
  }
  NodeExchangeReply reply = node_exchange_silence;
  const NodeExchangeNews news =
      node_exchange_receive(&node->exchange, &message, node_clock_ms(node), &reply);
  if (news == node_exchange_answered) take_answer(node, &message);
  if (news == node_exchange_reset) node_fall_back(node, 0);
  // Only now: what is acknowledged to us is noted before we acknowledge the note.
  if (reply == node_exchange_acknowledge) send_empty(node, node_coap_ack, message.message_id);
  if (reply == node_exchange_refuse) send_empty(node, node_coap_rst, message.message_id);
}

static void take_datagrams(Node* node) {
  uint8_t packet[node_packet_bytes];
  for (int i = 0; i < datagrams_a_turn && !node->must_restart; ++i) {
    const int32_t size = node_take_in(node, packet, sizeof packet);
    if (size <= 0) return;
    take_datagram(node, packet, (size_t)size);
  }
}

void node_coap_poll(Node* node) {
  take_datagrams(node);
  if (node->must_restart) return;
  switch (node_exchange_turn(&node->exchange, node_clock_ms(node))) {
    case node_exchange_send_again:
      ++node->counters.repeats;
      send_request(node);
      break;
    case node_exchange_give_up:
      node_fall_back(node, 0);
      break;
    case node_exchange_rest:
      break;
  }
  if (node->exchange.state == node_exchange_idle) start_exchange(node);
}

uint64_t node_coap_due_ms(const Node* node) {
  if (node->exchange.state != node_exchange_idle) return node->exchange.due_ms;
  return node->ring.count > 0 ? node->resume_ms : UINT64_MAX;
}
