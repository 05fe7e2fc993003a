// CoAP messages as bytes (RFC 7252 section 3). No state, no time, no network.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware-sim/node/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { node_coap_con = 0, node_coap_non = 1, node_coap_ack = 2, node_coap_rst = 3 };  // types

// A code's class and detail in one byte: 2.04 is 0x44.
enum {
  node_coap_empty = 0x00,
  node_coap_post = 0x02,
  node_coap_put = 0x03,
  node_coap_changed = 0x44,
  node_coap_bad_request = 0x80,
  node_coap_bad_option = 0x82,
  node_coap_not_found = 0x84,
  node_coap_not_allowed = 0x85,
  node_coap_too_large = 0x8D,
  node_coap_unavailable = 0xA3,
  node_coap_no_proxy = 0xA5
};

enum {
  node_coap_uri_host = 3,
  node_coap_uri_port = 7,
  node_coap_uri_path = 11,
  node_coap_content_format = 12,
  node_coap_max_age = 14,
  node_coap_accept = 17,
  node_coap_proxy_uri = 35,
  node_coap_proxy_scheme = 39
};

// Lent from the datagram that it was read from.
typedef struct NodeCoapMessage {
  uint8_t type;
  uint8_t code;
  uint16_t message_id;
  uint8_t token_size;  // 0..8
  const uint8_t* token;
  const uint8_t* options;
  size_t options_size;
  const uint8_t* payload;
  size_t payload_size;
} NodeCoapMessage;

typedef enum NodeCoapDecoded {
  node_coap_ok,
  node_coap_malformed,  // a format error: `type` and `message_id` can be had, a CON is reset
  node_coap_alien       // not CoAP version 1: ignored in silence
} NodeCoapDecoded;

NodeCoapDecoded node_coap_decode(const uint8_t* bytes, size_t size, NodeCoapMessage* message);

// Walks the options of a decoded message, in order. `at` starts with 0.
typedef struct NodeCoapOption {
  size_t at;
  uint32_t number;
  const uint8_t* value;
  size_t size;
} NodeCoapOption;
bool node_coap_next_option(const NodeCoapMessage* message, NodeCoapOption* option);

// The value of a uint option (section 3.2); one of more than 4 bytes is the largest number.
uint32_t node_coap_option_number(const NodeCoapOption* option);

static inline bool node_coap_is_request(uint8_t code) { return code != 0 && code >> 5 == 0; }
static inline bool node_coap_is_response(uint8_t code) { return code >> 5 >= 2 && code >> 5 <= 5; }

void node_coap_put_header(NodeWriter* writer, uint8_t type, uint8_t code, uint16_t message_id,
                          const uint8_t* token, uint8_t token_size);
// Options go in ascending order; `last` is the number of the one before, 0 for the first.
void node_coap_put_option(NodeWriter* writer, uint32_t* last, uint32_t number, const void* value,
                          size_t size);
void node_coap_put_option_number(NodeWriter* writer, uint32_t* last, uint32_t number,
                                 uint32_t value);
// One Uri-Path option for each segment of "plant/dev-7"; a slash at the start is no segment.
void node_coap_put_path(NodeWriter* writer, uint32_t* last, const char* path);

#ifdef __cplusplus
}
#endif
