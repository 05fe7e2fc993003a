// NodeExchange: one confirmable request and its answer (RFC 7252 sections 4.2, 4.8 and 5.2). A
// device has one at a time (NSTART = 1). It knows when to send and what an incoming message means;
// the bytes, the clock and the network are the caller's.
//
//   idle --start--> waiting --empty ACK--> promised      given up: after 4 retransmissions
//                    |  ^ '-- sent again after 2..3 s, then twice as long each time
//                    '--+------ response in the ACK, or separate (CON or NON) ----> answered
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "firmware-sim/node/coap_message.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  node_ack_timeout_ms = 2000,
  node_ack_spread_ms = 1000,  // ACK_RANDOM_FACTOR 1.5: the first timeout lies in 2..3 s
  node_max_retransmit = 4,
  // An empty ACK promises an answer, and no time. After MAX_TRANSMIT_WAIT nobody believes in it.
  node_answer_wait_ms = 93000
};

typedef enum NodeExchangeState {
  node_exchange_idle,
  node_exchange_waiting,
  node_exchange_promised
} NodeExchangeState;

typedef struct NodeExchange {
  uint64_t due_ms;      // when something is to be done, unless idle
  uint32_t timeout_ms;  // the present one
  uint32_t token;
  uint16_t message_id;
  uint16_t answered_id;  // message id of the last separate response, to acknowledge it again
  uint8_t state;         // NodeExchangeState
  uint8_t retransmissions;
  bool has_answered_id;
} NodeExchange;

// A request was handed to the network at `now_ms`. `random` is any number.
void node_exchange_start(NodeExchange* exchange, uint16_t message_id, uint32_t token,
                         uint32_t random, uint64_t now_ms);

typedef enum NodeExchangeTurn {
  node_exchange_rest,
  node_exchange_send_again,  // the same bytes: same message id, token and content
  node_exchange_give_up      // the exchange has ended, nobody knows whether it arrived
} NodeExchangeTurn;
NodeExchangeTurn node_exchange_turn(NodeExchange* exchange, uint64_t now_ms);

typedef enum NodeExchangeNews {
  node_exchange_nothing,
  node_exchange_answered,  // `message` is the response; the exchange has ended
  node_exchange_reset      // the peer refused the message; the exchange has ended
} NodeExchangeNews;
typedef enum NodeExchangeReply {
  node_exchange_silence,
  node_exchange_acknowledge,  // send an empty ACK with the message's id
  node_exchange_refuse        // send RST with the message's id
} NodeExchangeReply;

// `message` is anything but a request.
NodeExchangeNews node_exchange_receive(NodeExchange* exchange, const NodeCoapMessage* message,
                                       uint64_t now_ms, NodeExchangeReply* reply);

void node_exchange_token(const NodeExchange* exchange, uint8_t token[4]);

#ifdef __cplusplus
}
#endif
