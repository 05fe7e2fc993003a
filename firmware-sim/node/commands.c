#include "firmware-sim/node/commands.h"

#include <string.h>

bool node_is_plain_name(const char* text, size_t size, size_t limit) {
  if (size == 0 || size > limit) return false;
  for (size_t i = 0; i < size; ++i) {
    const char c = text[i];
    const bool is_alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const bool is_mark = c == '-' || c == ':' || c == '.' || c == '_';
    if (!is_alphanumeric && (i == 0 || !is_mark)) return false;
  }
  return true;
}

static NodeCommandKind kind_of(const uint8_t* segment, size_t size) {
  if (size == 8 && memcmp(segment, "interval", 8) == 0) return node_command_interval;
  if (size == 6 && memcmp(segment, "reboot", 6) == 0) return node_command_reboot;
  if (size == 8 && memcmp(segment, "firmware", 8) == 0) return node_command_version;
  return node_command_none;
}

// The resource that the request names, or the code of what is wrong with its options.
static uint8_t read_target(const NodeCoapMessage* request, NodeCommandKind* kind) {
  NodeCoapOption option = {0, 0, NULL, 0};
  unsigned segments = 0;
  *kind = node_command_none;
  while (node_coap_next_option(request, &option)) {
    switch (option.number) {
      case node_coap_uri_path:
        *kind = segments++ == 0 ? kind_of(option.value, option.size) : node_command_none;
        break;
      case node_coap_uri_host:
      case node_coap_uri_port:
      case node_coap_accept:  // there is nothing to be had but a code
        break;
      case node_coap_proxy_uri:
      case node_coap_proxy_scheme:
        return node_coap_no_proxy;
      default:
        if ((option.number & 1) != 0) return node_coap_bad_option;
    }
  }
  return *kind == node_command_none ? node_coap_not_found : node_coap_changed;
}

uint8_t node_command_read(const NodeCoapMessage* request, NodeCommand* command) {
  memset(command, 0, sizeof *command);
  NodeCommandKind kind = node_command_none;
  const uint8_t code = read_target(request, &kind);
  if (code != node_coap_changed) return code;
  if (request->code != node_coap_put) return node_coap_not_allowed;
  if (kind == node_command_interval) {
    uint64_t interval_ms = 0;
    if (!node_read_decimal(request->payload, request->payload_size, node_max_interval_ms,
                           &interval_ms) ||
        interval_ms < node_min_interval_ms) {
      return node_coap_bad_request;
    }
    command->interval_ms = (uint32_t)interval_ms;
  }
  if (kind == node_command_version) {
    if (!node_is_plain_name((const char*)request->payload, request->payload_size,
                            node_version_room - 1)) {
      return node_coap_bad_request;
    }
    memcpy(command->version, request->payload, request->payload_size);
  }
  command->kind = kind;
  return node_coap_changed;
}

uint8_t node_answers_find(const NodeAnswers* answers, uint16_t message_id, uint64_t now_ms) {
  for (int i = 0; i < node_answers_kept; ++i) {
    if (answers->kept[i].message_id == message_id && now_ms / 1000 < answers->kept[i].until_s) {
      return answers->kept[i].code;
    }
  }
  return 0;
}

void node_answers_add(NodeAnswers* answers, uint16_t message_id, uint8_t code, uint64_t now_ms) {
  answers->kept[answers->next].message_id = message_id;
  answers->kept[answers->next].code = code;
  answers->kept[answers->next].until_s = (uint32_t)(now_ms / 1000) + node_exchange_lifetime_s;
  answers->next = (uint8_t)((answers->next + 1) % node_answers_kept);
}
