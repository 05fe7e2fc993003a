// What the gateway may tell a device, by CoAP PUT with a plain text payload:
//
//   /interval  3000     measure every 3000 ms, from now on and after a reboot; 10 ms .. 7 days
//   /reboot             restart; what is in a ring whose memory is kept goes on afterwards
//   /firmware  1.2.3    the version that the device runs after its next reboot; letters, digits and
//                       - : . _ , at most 15
//
// Each is answered once with 2.04 or an error, and a repeat within 247 s with the same code again
// without being done again. Over MQTT a device takes no commands.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "firmware-sim/node/coap_message.h"
#include "firmware-sim/node/saved.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { node_min_interval_ms = 10, node_max_interval_ms = 7 * 24 * 3600 * 1000 };

typedef enum NodeCommandKind {
  node_command_none,
  node_command_interval,
  node_command_reboot,
  node_command_version
} NodeCommandKind;

typedef struct NodeCommand {
  NodeCommandKind kind;
  uint32_t interval_ms;
  char version[node_version_room];
} NodeCommand;

// Gives the code of the answer; `command` is none unless that is 2.04.
uint8_t node_command_read(const NodeCoapMessage* request, NodeCommand* command);

// A name, version or client id that is safe in JSON, SenML and MQTT (RFC 8428 section 4.5.1,
// without
// "/"), of 1..`limit` characters.
bool node_is_plain_name(const char* text, size_t size, size_t limit);

enum { node_answers_kept = 4, node_exchange_lifetime_s = 247 };

// The answers to the last requests, by message id: the gateway is the only peer.
typedef struct NodeAnswers {
  struct {
    uint32_t until_s;  // 0: unused
    uint16_t message_id;
    uint8_t code;
  } kept[node_answers_kept];
  uint8_t next;
} NodeAnswers;
// 0: not known.
uint8_t node_answers_find(const NodeAnswers* answers, uint16_t message_id, uint64_t now_ms);
void node_answers_add(NodeAnswers* answers, uint16_t message_id, uint8_t code, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
