#include "firmware-sim/node/coap_message.h"

#include <string.h>

enum { payload_marker = 0xFF, nibble_one_byte = 13, nibble_two_bytes = 14, nibble_reserved = 15 };

// An option's delta or length: the nibble, and what follows for 13 and 14 (section 3.1).
static bool read_extended(const NodeCoapMessage* message, size_t* at, uint32_t nibble,
                          uint32_t* number) {
  const size_t left = message->options_size - *at;
  const uint8_t* const bytes = message->options + *at;
  if (nibble == nibble_reserved) return false;
  *number = nibble;
  if (nibble == nibble_one_byte) {
    if (left < 1) return false;
    *number = 13U + bytes[0];
    *at += 1;
  } else if (nibble == nibble_two_bytes) {
    if (left < 2) return false;
    *number = 269U + ((uint32_t)bytes[0] << 8 | bytes[1]);
    *at += 2;
  }
  return true;
}

bool node_coap_next_option(const NodeCoapMessage* message, NodeCoapOption* option) {
  size_t at = option->at;
  if (at >= message->options_size || message->options[at] == payload_marker) return false;
  const uint8_t first = message->options[at++];
  uint32_t delta = 0;
  uint32_t size = 0;
  if (!read_extended(message, &at, first >> 4, &delta)) return false;
  if (!read_extended(message, &at, first & 15, &size)) return false;
  if (size > message->options_size - at) return false;
  option->number = (option->at == 0 ? 0 : option->number) + delta;
  option->value = message->options + at;
  option->size = size;
  option->at = at + size;
  return true;
}

uint32_t node_coap_option_number(const NodeCoapOption* option) {
  if (option->size > 4) return UINT32_MAX;
  uint32_t number = 0;
  for (size_t i = 0; i < option->size; ++i) number = number << 8 | option->value[i];
  return number;
}

NodeCoapDecoded node_coap_decode(const uint8_t* bytes, size_t size, NodeCoapMessage* message) {
  memset(message, 0, sizeof *message);
  if (size < 4 || bytes[0] >> 6 != 1) return node_coap_alien;
  message->type = bytes[0] >> 4 & 3;
  message->code = bytes[1];
  message->message_id = (uint16_t)((uint16_t)bytes[2] << 8 | bytes[3]);
  const uint8_t token_size = bytes[0] & 15;
  if (token_size > 8 || size < 4U + token_size) return node_coap_malformed;
  if (message->code == node_coap_empty && size != 4) return node_coap_malformed;
  message->token_size = token_size;
  message->token = bytes + 4;
  message->options = bytes + 4 + token_size;
  message->options_size = size - 4 - token_size;

  NodeCoapOption option = {0, 0, NULL, 0};
  while (node_coap_next_option(message, &option)) {
  }
  const size_t end = option.at;
  if (end < message->options_size) {
    // A marker with nothing behind it is an error, and so is an option that cannot be read.
    if (message->options[end] != payload_marker) return node_coap_malformed;
    message->payload = message->options + end + 1;
    message->payload_size = message->options_size - end - 1;
    message->options_size = end;
    if (message->payload_size == 0) return node_coap_malformed;
  }
  return node_coap_ok;
}

void node_coap_put_header(NodeWriter* writer, uint8_t type, uint8_t code, uint16_t message_id,
                          const uint8_t* token, uint8_t token_size) {
  node_put_byte(writer, (uint8_t)(0x40 | type << 4 | token_size));
  node_put_byte(writer, code);
  node_put_u16(writer, message_id);
  if (token_size > 0) node_put_bytes(writer, token, token_size);
}

static uint8_t nibble_of(uint32_t number) {
  if (number < 13) return (uint8_t)number;
  return number < 269 ? nibble_one_byte : nibble_two_bytes;
}

static void put_extended(NodeWriter* writer, uint32_t number) {
  if (number >= 269) {
    node_put_u16(writer, (uint16_t)(number - 269));
  } else if (number >= 13) {
    node_put_byte(writer, (uint8_t)(number - 13));
  }
}

void node_coap_put_option(NodeWriter* writer, uint32_t* last, uint32_t number, const void* value,
                          size_t size) {
  const uint32_t delta = number - *last;
  const uint32_t length = (uint32_t)size;
  node_put_byte(writer, (uint8_t)(nibble_of(delta) << 4 | nibble_of(length)));
  put_extended(writer, delta);
  put_extended(writer, length);
  if (size > 0) node_put_bytes(writer, value, size);
  *last = number;
}

void node_coap_put_option_number(NodeWriter* writer, uint32_t* last, uint32_t number,
                                 uint32_t value) {
  uint8_t bytes[4];
  size_t size = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const uint8_t byte = (uint8_t)(value >> shift);
    if (size > 0 || byte != 0) bytes[size++] = byte;
  }
  node_coap_put_option(writer, last, number, bytes, size);
}

void node_coap_put_path(NodeWriter* writer, uint32_t* last, const char* path) {
  if (*path == '/') ++path;
  while (*path != '\0') {
    const size_t size = strcspn(path, "/");
    node_coap_put_option(writer, last, node_coap_uri_path, path, size);
    path += size;
    if (*path == '/') ++path;
  }
}
