#include "firmware-sim/node/mqtt_client.h"

#include <string.h>

enum {
  connect_type = 0x10,
  connack_type = 0x20,
  publish_qos1_type = 0x32,
  dup_flag = 0x08,
  puback_type = 0x40,
  pingreq_type = 0xC0,
  pingresp_type = 0xD0
};

void node_mqtt_start(NodeMqtt* client, uint16_t keep_alive_s, uint16_t packet_id) {
  memset(client, 0, sizeof *client);
  client->keep_alive_s = keep_alive_s;
  client->packet_id = packet_id;
}

// A ping leaves early enough that a slow network does not make the server hang up.
static uint64_t ping_due_ms(const NodeMqtt* client) {
  const bool is_silent = client->state == node_mqtt_open && client->heard_by_ms == 0;
  if (!is_silent || client->keep_alive_s == 0) return UINT64_MAX;
  return client->last_sent_ms + (uint64_t)client->keep_alive_s * 750;
}

uint64_t node_mqtt_due_ms(const NodeMqtt* client) {
  const uint64_t ping = ping_due_ms(client);
  return client->heard_by_ms != 0 ? client->heard_by_ms : ping;
}

NodeMqttTurn node_mqtt_turn(NodeMqtt* client, uint64_t now_ms, bool may_connect, bool has_message) {
  if (client->heard_by_ms != 0 && now_ms >= client->heard_by_ms) return node_mqtt_hang_up;
  if (client->state == node_mqtt_closed) {
    return may_connect ? node_mqtt_send_connect : node_mqtt_rest;
  }
  if (client->state == node_mqtt_connecting) return node_mqtt_rest;
  if (client->is_in_flight) {
    if (client->must_repeat) return node_mqtt_send_publish;
  } else if (has_message && may_connect) {
    return node_mqtt_send_publish;
  }
  return now_ms >= ping_due_ms(client) ? node_mqtt_send_ping : node_mqtt_rest;
}

bool node_mqtt_is_repeat(const NodeMqtt* client) {
  return client->is_in_flight && client->has_session;
}

void node_mqtt_sent(NodeMqtt* client, NodeMqttTurn turn, uint64_t now_ms) {
  client->last_sent_ms = now_ms;
  switch (turn) {
    case node_mqtt_send_connect:
      client->state = node_mqtt_connecting;
      client->at = 0;
      client->heard_by_ms = now_ms + node_mqtt_connect_wait_ms;
      break;
    case node_mqtt_send_publish:
      client->is_in_flight = true;
      client->must_repeat = false;
      break;
    case node_mqtt_send_ping:
      client->heard_by_ms = now_ms + node_mqtt_ping_wait_ms;
      break;
    default:
      break;
  }
}

void node_mqtt_lost(NodeMqtt* client) {
  client->state = node_mqtt_closed;
  client->heard_by_ms = 0;
  client->must_repeat = client->is_in_flight;
}

static NodeMqttNews receive_connack(NodeMqtt* client) {
  if (client->state != node_mqtt_connecting || client->remaining != 2 || client->body[0] > 1) {
    return node_mqtt_malformed;
  }
  if (client->body[1] != 0) return node_mqtt_refused;
  client->state = node_mqtt_open;
  client->heard_by_ms = 0;
  client->has_session = client->body[0] == 1;
  return node_mqtt_connected;
}

static NodeMqttNews receive_puback(NodeMqtt* client) {
  if (client->state != node_mqtt_open || client->remaining != 2) return node_mqtt_malformed;
  const uint16_t id = (uint16_t)((uint16_t)client->body[0] << 8 | client->body[1]);
  // One for a message that a former connection has sent, and that is acknowledged, may come late.
  if (!client->is_in_flight || client->must_repeat || id != client->packet_id) {
    return node_mqtt_nothing;
  }
  client->is_in_flight = false;
  return node_mqtt_acknowledged;
}

static NodeMqttNews receive_packet(NodeMqtt* client) {
  client->at = 0;
  switch (client->first) {
    case connack_type:
      return receive_connack(client);
    case puback_type:
      return receive_puback(client);
    case pingresp_type:
      if (client->state != node_mqtt_open || client->remaining != 0) return node_mqtt_malformed;
      client->heard_by_ms = 0;
      return node_mqtt_nothing;
    default:
      return node_mqtt_malformed;
  }
}

NodeMqttNews node_mqtt_receive(NodeMqtt* client, uint8_t byte) {
  if (client->at == 0) {
    client->first = byte;
    client->at = 1;
    return node_mqtt_nothing;
  }
  if (client->at == 1) {
    // No packet that a server may send to us is longer.
    if (byte > sizeof client->body) return node_mqtt_malformed;
    client->remaining = byte;
  } else {
    client->body[client->at - 2] = byte;
  }
  ++client->at;
  return client->at == client->remaining + 2 ? receive_packet(client) : node_mqtt_nothing;
}

static void put_length(NodeWriter* writer, size_t length) {
  do {
    const uint8_t low = (uint8_t)(length & 127);
    length >>= 7;
    node_put_byte(writer, (uint8_t)(low | (length > 0 ? 128 : 0)));
  } while (length > 0);
}

static void put_string(NodeWriter* writer, const char* text) {
  node_put_u16(writer, (uint16_t)strlen(text));
  node_put_text(writer, text);
}

void node_mqtt_put_connect(NodeWriter* writer, const char* client_id, uint16_t keep_alive_s) {
  enum { level_3_1_1 = 4, keep_session = 0 };
  node_put_byte(writer, connect_type);
  put_length(writer, 10 + 2 + strlen(client_id));
  put_string(writer, "MQTT");
  node_put_byte(writer, level_3_1_1);
  node_put_byte(writer, keep_session);
  node_put_u16(writer, keep_alive_s);
  put_string(writer, client_id);
}

void node_mqtt_put_publish(NodeWriter* writer, const char* topic, uint16_t packet_id,
                           bool is_repeat, const uint8_t* payload, size_t size) {
  node_put_byte(writer, (uint8_t)(publish_qos1_type | (is_repeat ? dup_flag : 0)));
  put_length(writer, 2 + strlen(topic) + 2 + size);
  put_string(writer, topic);
  node_put_u16(writer, packet_id);
  node_put_bytes(writer, payload, size);
}

size_t node_mqtt_publish_overhead(const char* topic) { return 1 + 4 + 2 + strlen(topic) + 2; }

void node_mqtt_put_ping(NodeWriter* writer) {
  node_put_byte(writer, pingreq_type);
  node_put_byte(writer, 0);
}
