// The way over MQTT: one PUBLISH at QoS 1 at a time.
#include <string.h>

#include "firmware-sim/node/node_link.h"

enum { busy_retry_ms = 100, chunk_bytes = 64, chunks_a_turn = 8, packets_a_turn = 4 };

static void lose_connection(Node* node, uint32_t least_ms) {
  node_mqtt_lost(&node->mqtt);
  node_fall_back(node, least_ms);
}

static void hang_up(Node* node, uint32_t least_ms) {
  node->port->send(node->port->context, NULL, 0);
  lose_connection(node, least_ms);
}

// False: the connection is gone.
static bool take_byte(Node* node, uint8_t byte) {
  switch (node_mqtt_receive(&node->mqtt, byte)) {
    case node_mqtt_acknowledged:
      node_report_acknowledged(node);
      return true;
    case node_mqtt_refused:
      hang_up(node, 60000);
      return false;
    case node_mqtt_malformed:
      hang_up(node, 0);
      return false;
    default:
      return true;
  }
}

static void take_bytes(Node* node) {
  uint8_t chunk[chunk_bytes];
  for (int i = 0; i < chunks_a_turn && node->mqtt.state != node_mqtt_closed; ++i) {
    const int32_t size = node_take_in(node, chunk, sizeof chunk);
    if (size < 0) lose_connection(node, 0);
    if (size <= 0) return;
    for (int32_t at = 0; at < size; ++at) {
      if (!take_byte(node, chunk[at])) return;
    }
  }
}

static NodeSent send_publish(Node* node) {
  uint8_t packet[node_packet_bytes];
  const size_t overhead = node_mqtt_publish_overhead(node->config->path);
  // The payload first, behind its place: its size comes before it in the packet.
  NodeWriter payload = node_writer(packet + overhead, sizeof packet - overhead);
  node_write(node, &payload);
  while (payload.is_full && node->report.readings > 1) {
    node->report.readings /= 2;
    payload = node_writer(packet + overhead, sizeof packet - overhead);
    node_write(node, &payload);
  }
  NodeWriter writer = node_writer(packet, sizeof packet);
  node_mqtt_put_publish(&writer, node->config->path, node->mqtt.packet_id,
                        node_mqtt_is_repeat(&node->mqtt), payload.bytes, payload.size);
  return node_transmit(node, packet, writer.size);
}

static NodeSent send_control(Node* node, NodeMqttTurn turn) {
  uint8_t packet[14 + node_max_name];
  NodeWriter writer = node_writer(packet, sizeof packet);
  if (turn == node_mqtt_send_connect) {
    node_mqtt_put_connect(&writer, node->config->name, node->config->keep_alive_s);
  } else {
    node_mqtt_put_ping(&writer);
  }
  return node_transmit(node, packet, writer.size);
}

// A new message has a packet id of its own; 0 is none (section 2.3.1).
static bool prepare_publish(Node* node) {
  if (node->mqtt.is_in_flight) return true;
  if (!node_make_report(node)) return false;
  if (++node->mqtt.packet_id == 0) node->mqtt.packet_id = 1;
  return true;
}

// False: there is nothing more to send in this turn.
static bool send_next(Node* node) {
  const uint64_t now_ms = node_clock_ms(node);
  const bool may_connect = now_ms >= node->resume_ms;
  const NodeMqttTurn turn = node_mqtt_turn(&node->mqtt, now_ms, may_connect, node->ring.count > 0);
  NodeSent sent = node_sent_busy;
  switch (turn) {
    case node_mqtt_rest:
      return false;
    case node_mqtt_hang_up:
      hang_up(node, 0);
      return false;
    case node_mqtt_send_publish: {
      const bool is_new = !node->mqtt.is_in_flight;
      if (!prepare_publish(node)) return false;
      sent = send_publish(node);
      if (sent == node_sent && !is_new) ++node->counters.repeats;
      if (sent != node_sent && is_new) --node->counters.messages;
      break;
    }
    default:
      sent = send_control(node, turn);
      break;
  }
  if (sent == node_sent) {
    node_mqtt_sent(&node->mqtt, turn, now_ms);
    return true;
  }
  if (sent == node_sent_closed) {
    lose_connection(node, 0);
  } else if (node->resume_ms < now_ms + busy_retry_ms) {
    node->resume_ms = now_ms + busy_retry_ms;
  }
  return false;
}

void node_mqtt_poll(Node* node) {
  take_bytes(node);
  for (int i = 0; i < packets_a_turn && send_next(node); ++i) {
  }
}

uint64_t node_mqtt_wake_ms(const Node* node) {
  const NodeMqtt* const mqtt = &node->mqtt;
  uint64_t due = node_mqtt_due_ms(mqtt);
  const bool has_message = mqtt->must_repeat || (!mqtt->is_in_flight && node->ring.count > 0);
  const bool waits_to_send =
      mqtt->state == node_mqtt_closed || (mqtt->state == node_mqtt_open && has_message);
  if (waits_to_send && node->resume_ms < due) due = node->resume_ms;
  return due;
}
