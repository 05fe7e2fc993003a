#include "firmware-sim/node/coap_exchange.h"

#include <string.h>

void node_exchange_start(NodeExchange* exchange, uint16_t message_id, uint32_t token,
                         uint32_t random, uint64_t now_ms) {
  exchange->state = node_exchange_waiting;
  exchange->message_id = message_id;
  exchange->token = token;
  exchange->retransmissions = 0;
  exchange->timeout_ms = node_ack_timeout_ms + random % (node_ack_spread_ms + 1);
  exchange->due_ms = now_ms + exchange->timeout_ms;
}

void node_exchange_token(const NodeExchange* exchange, uint8_t token[4]) {
  for (int i = 0; i < 4; ++i) token[i] = (uint8_t)(exchange->token >> (24 - 8 * i));
}

NodeExchangeTurn node_exchange_turn(NodeExchange* exchange, uint64_t now_ms) {
  if (exchange->state == node_exchange_idle || now_ms < exchange->due_ms) return node_exchange_rest;
  if (exchange->state == node_exchange_promised ||
      exchange->retransmissions == node_max_retransmit) {
    exchange->state = node_exchange_idle;
    return node_exchange_give_up;
  }
  ++exchange->retransmissions;
  exchange->timeout_ms *= 2;
  exchange->due_ms = now_ms + exchange->timeout_ms;
  return node_exchange_send_again;
}

static bool has_own_token(const NodeExchange* exchange, const NodeCoapMessage* message) {
  uint8_t token[4];
  node_exchange_token(exchange, token);
  return message->token_size == sizeof token && memcmp(message->token, token, sizeof token) == 0;
}

// A response with a critical option that we do not know is rejected (section 5.4.1).
static bool is_understood(const NodeCoapMessage* message) {
  NodeCoapOption option = {0, 0, NULL, 0};
  while (node_coap_next_option(message, &option)) {
    if ((option.number & 1) != 0) return false;
  }
  return true;
}

static NodeExchangeNews receive_ack(NodeExchange* exchange, const NodeCoapMessage* message,
                                    uint64_t now_ms) {
  if (exchange->state == node_exchange_idle || message->message_id != exchange->message_id) {
    return node_exchange_nothing;
  }
  if (message->code == node_coap_empty) {
    if (exchange->state == node_exchange_waiting) {
      exchange->state = node_exchange_promised;
      exchange->due_ms = now_ms + node_answer_wait_ms;
    }
    return node_exchange_nothing;
  }
  const bool is_ours = node_coap_is_response(message->code) && has_own_token(exchange, message) &&
                       is_understood(message);
  if (!is_ours) return node_exchange_nothing;
  exchange->state = node_exchange_idle;
  return node_exchange_answered;
}

static NodeExchangeNews receive_separate(NodeExchange* exchange, const NodeCoapMessage* message,
                                         NodeExchangeReply* reply) {
  const bool is_con = message->type == node_coap_con;
  // An empty CON is a ping, which is answered by RST (section 4.3).
  if (is_con) *reply = node_exchange_refuse;
  if (!node_coap_is_response(message->code)) return node_exchange_nothing;
  const bool is_ours = exchange->state != node_exchange_idle && has_own_token(exchange, message) &&
                       is_understood(message);
  if (is_ours) {
    // It says that the request arrived, even if the ACK is still under way (section 5.2.2).
    exchange->state = node_exchange_idle;
    if (is_con) {
      exchange->answered_id = message->message_id;
      exchange->has_answered_id = true;
      *reply = node_exchange_acknowledge;
    }
    return node_exchange_answered;
  }
  // Our ACK was lost, and the same response comes again.
  if (is_con && exchange->has_answered_id && message->message_id == exchange->answered_id) {
    *reply = node_exchange_acknowledge;
  }
  return node_exchange_nothing;
}

NodeExchangeNews node_exchange_receive(NodeExchange* exchange, const NodeCoapMessage* message,
                                       uint64_t now_ms, NodeExchangeReply* reply) {
  *reply = node_exchange_silence;
  switch (message->type) {
    case node_coap_ack:
      return receive_ack(exchange, message, now_ms);
    case node_coap_rst:
      if (exchange->state == node_exchange_idle || message->code != node_coap_empty ||
          message->message_id != exchange->message_id) {
        return node_exchange_nothing;
      }
      exchange->state = node_exchange_idle;
      return node_exchange_reset;
    default:
      return receive_separate(exchange, message, reply);
  }
}
