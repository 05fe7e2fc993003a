// Node: a sensor. It measures at an interval, keeps what is not acknowledged in a ring, and brings
// it to the gateway over CoAP or MQTT until the gateway has said that it is safe.
//
//   node_take --deadband--> ring --report--> CoAP exchange | MQTT client --port--> gateway
//                             '------------- freed when acknowledged ------------------'
//
// The program around it is a loop:
//
//   node_start(&node, &config, &port, ring_memory, sizeof ring_memory);
//   while (node_poll(&node) == node_runs) {
//     if (node_is_due(&node)) node_take(&node, measured_values);
//     sleep until node_wake_ms(&node), or until something arrives
//   }
//
// No heap, no libc I/O, no globals: any number of nodes live side by side, each in `sizeof(Node)`
// bytes and its ring. One thread at a time for each. About 2 KiB of stack.
//
// What it promises: each reading that node_take() kept is acknowledged, or in the ring, or counted
// in `dropped`. The exception is a reset that wipes the ring's memory; the first message after it
// says so ("cold").
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware-sim/node/battery.h"
#include "firmware-sim/node/coap_exchange.h"
#include "firmware-sim/node/commands.h"
#include "firmware-sim/node/mqtt_client.h"
#include "firmware-sim/node/port.h"
#include "firmware-sim/node/report.h"
#include "firmware-sim/node/ring.h"
#include "firmware-sim/node/saved.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum NodeProtocol { node_over_coap, node_over_mqtt } NodeProtocol;

enum { node_max_name = 32, node_max_path = 64, node_packet_bytes = 1024 };

typedef struct NodeConfig {
  const char* name;     // also the MQTT client id; node_is_plain_name(), up to node_max_name
  const char* path;     // CoAP path, or MQTT topic; up to node_max_path bytes
  const char* version;  // of the firmware as built
  const NodeChannel* channels;
  const uint32_t* deadbands;  // thousandths for each channel; NULL: every reading is kept
  uint8_t channel_count;      // 1..node_max_channels
  uint8_t batch;              // readings in one SenML pack at most, 1 or more
  uint16_t keep_alive_s;      // MQTT; 0: no pings
  NodeProtocol protocol;
  NodeFormat format;
  uint32_t interval_ms;     // between two readings, unless a command has changed it
  uint32_t max_silence_ms;  // with a deadband: keep a reading at least so often; 0: need not
  NodeBatteryModel battery;
} NodeConfig;

typedef struct NodeCounters {
  uint32_t taken;         // readings that node_take() was given
  uint32_t suppressed;    // of these: within the deadband
  uint32_t acknowledged;  // readings that the gateway has
  uint32_t messages;      // reports sent for the first time
  uint32_t repeats;       // and again
  uint32_t failures;      // exchanges given up, reset or refused; connections lost
  uint32_t commands;
} NodeCounters;

// Read `counters` and `ring.count`, `ring.dropped`; the rest is the core's own.
typedef struct Node {
  const NodeConfig* config;
  const NodePort* port;
  NodeRing ring;
  NodeCounters counters;
  NodeSaved saved;

  // The node's clock runs on through resets that keep the ring.
  uint64_t clock_offset_ms;  // clock = port's now + this, modulo 2^64
  uint64_t unix_0_ms;        // Unix time of clock 0; 0: unknown
  uint64_t next_reading_ms;
  uint64_t last_kept_ms;
  uint64_t drawn_until_ms;  // the battery
  uint64_t resume_ms;       // no new message or connection before this
  int32_t last_kept[node_max_channels];

  NodeReport report;      // in flight
  uint32_t dropped_told;  // acknowledged
  uint32_t token;         // of the last CoAP request
  uint16_t message_id;
  uint8_t batch;    // readings in a pack; smaller after 4.13
  uint8_t backoff;  // doublings
  bool has_kept;    // last_kept is set
  bool is_cold;
  bool has_told_boot;
  bool must_restart;
  NodeExchange exchange;  // CoAP
  NodeAnswers answers;
  NodeMqtt mqtt;
} Node;

// State of a device without its ring: small enough for tens of devices in 32 KiB.
typedef char node_state_is_at_most_512_bytes[sizeof(Node) <= 512 ? 1 : -1];

typedef enum NodeStarted {
  node_started,
  node_bad_config,     // a name, a path or a number out of its bounds
  node_ring_too_small  // for one reading
} NodeStarted;

// Begins a life: counts the boot, finds what an earlier life left in `ring_memory`. All that is
// handed in is lent until the node is started again or thrown away.
NodeStarted node_start(Node* node, const NodeConfig* config, const NodePort* port,
                       void* ring_memory, size_t ring_bytes);

typedef enum NodeVerdict {
  node_runs,
  node_restarts,  // a command asks for it: reset, then node_start()
  node_is_empty   // the battery is; nothing happens until node_start() with a new one
} NodeVerdict;

// Takes what has arrived, sends what is due. Call it when a packet has arrived and at
// node_wake_ms(), or simply often.
NodeVerdict node_poll(Node* node);

bool node_is_due(const Node* node);
// A measurement: thousandths of the unit for each channel. Whether it is due is up to the caller.
void node_take(Node* node, const int32_t* values);

// By the port's clock: when node_poll() or node_take() is next needed though nothing arrives.
uint64_t node_wake_ms(const Node* node);

// MQTT: there is a connection, or one is being made, for all that the node knows.
bool node_is_connected(const Node* node);

// Between two readings: as configured, or as a command has set it.
uint32_t node_interval_ms(const Node* node);

// By the port's clock: when the next reading is due, and another time for it. For a program that
// measures at times of its own, such as one that replays a recording; it plans after each reading.
uint64_t node_next_reading_ms(const Node* node);
void node_plan_reading(Node* node, uint64_t at_ms);

// The Unix time now, where a device has it from elsewhere than the gateway's answers.
void node_set_time(Node* node, uint64_t unix_ms);

#ifdef __cplusplus
}
#endif
