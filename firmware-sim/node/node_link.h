// Inside the core: what node.c and the two ways to the gateway know of each other.
#pragma once

#include "firmware-sim/node/node.h"

// --- node.c ---
uint64_t node_clock_ms(const Node* node);
// All bytes go out through here, so that the battery knows of them.
NodeSent node_transmit(Node* node, const uint8_t* bytes, size_t size);
int32_t node_take_in(Node* node, uint8_t* bytes, size_t room);
// The gateway has the report that is in flight.
void node_report_acknowledged(Node* node);
// Nothing new before a while: at least `least_ms`, longer with each failure in a row.
void node_fall_back(Node* node, uint32_t least_ms);
// Fixes the recipe of a new report. False: there is nothing to say, or it is not time yet.
bool node_make_report(Node* node);
// Fills `writer` with the report in flight.
void node_write(const Node* node, NodeWriter* writer);
void node_obey(Node* node, const NodeCommand* command);

// --- node_coap.c, node_mqtt.c: one turn each; when the next is due by the node's clock ---
void node_coap_poll(Node* node);
uint64_t node_coap_due_ms(const Node* node);
void node_mqtt_poll(Node* node);
uint64_t node_mqtt_wake_ms(const Node* node);
