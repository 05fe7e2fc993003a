// NodeMqtt: an MQTT 3.1.1 client that publishes one message at a time at QoS 1 (OASIS standard,
// sections 3 and 4.4). It knows what is to be sent when, and what incoming bytes mean; the bytes of
// the message, the clock and the stream are the caller's.
//
//   closed --CONNECT--> connecting --CONNACK--> open --PUBLISH--> open, in flight --PUBACK--> open
//     ^ back-off                                  '-- PINGREQ after silence
//     '------------ connection lost, refused, or nothing heard for too long
//
// The session is kept (CleanSession 0). A message that was under way when the connection was lost
// is sent again with its packet id, and with DUP if the server has kept the session; if it has not,
// it has forgotten the id too, and the message is a new one. What it does not do: subscribe, QoS 2,
// wills, user names. Any packet but CONNACK, PUBACK and PINGRESP is an error, and it hangs up.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "firmware-sim/node/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  node_mqtt_connect_wait_ms = 10000,  // for CONNACK
  node_mqtt_ping_wait_ms = 10000      // for PINGRESP
};

typedef enum NodeMqttState { node_mqtt_closed, node_mqtt_connecting, node_mqtt_open } NodeMqttState;

typedef struct NodeMqtt {
  uint64_t heard_by_ms;  // hang up unless the server has answered by then; 0: nothing is awaited
  uint64_t last_sent_ms;
  uint16_t keep_alive_s;  // 0: never ping
  uint16_t packet_id;     // of the message in flight, else of the last
  uint8_t state;          // NodeMqttState
  bool is_in_flight;      // PUBLISH was sent at least once, PUBACK has not come
  bool must_repeat;       // in flight, and not yet sent over this connection
  bool has_session;       // the server has kept it: a repeat carries DUP
  // The packet that is being read.
  uint8_t first;
  uint8_t at;         // 0: its first byte comes next, 1: its length, then its body
  uint8_t remaining;  // body bytes
  uint8_t body[2];
} NodeMqtt;

// `packet_id` is the id before the first one that is used.
void node_mqtt_start(NodeMqtt* client, uint16_t keep_alive_s, uint16_t packet_id);

typedef enum NodeMqttTurn {
  node_mqtt_rest,
  node_mqtt_send_connect,
  node_mqtt_send_publish,  // with client->packet_id; DUP as node_mqtt_is_repeat() says
  node_mqtt_send_ping,
  node_mqtt_hang_up
} NodeMqttTurn;

// What is to be sent now. `may_connect`: no back-off holds. `has_message`: there is one to publish;
// while one is in flight it must be that one, byte for byte.
NodeMqttTurn node_mqtt_turn(NodeMqtt* client, uint64_t now_ms, bool may_connect, bool has_message);
bool node_mqtt_is_repeat(const NodeMqtt* client);
// What node_mqtt_turn() asked for was taken by the stream.
void node_mqtt_sent(NodeMqtt* client, NodeMqttTurn turn, uint64_t now_ms);
// The connection has ended, from either side.
void node_mqtt_lost(NodeMqtt* client);
// When node_mqtt_turn() has something to do though nothing arrives; UINT64_MAX: never.
uint64_t node_mqtt_due_ms(const NodeMqtt* client);

typedef enum NodeMqttNews {
  node_mqtt_nothing,
  node_mqtt_connected,
  node_mqtt_acknowledged,  // the message in flight is the server's now
  node_mqtt_refused,       // CONNACK with a return code: hang up, and come back much later
  node_mqtt_malformed      // not what a server may send: hang up
} NodeMqttNews;
NodeMqttNews node_mqtt_receive(NodeMqtt* client, uint8_t byte);

// Packets. A PUBLISH needs its size beforehand: topic and payload are whole.
void node_mqtt_put_connect(NodeWriter* writer, const char* client_id, uint16_t keep_alive_s);
void node_mqtt_put_publish(NodeWriter* writer, const char* topic, uint16_t packet_id,
                           bool is_repeat, const uint8_t* payload, size_t size);
void node_mqtt_put_ping(NodeWriter* writer);

// What a PUBLISH takes more than its payload: the payload can be written there at once.
size_t node_mqtt_publish_overhead(const char* topic);

#ifdef __cplusplus
}
#endif
