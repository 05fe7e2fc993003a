// A device with two channels in a fake world, and what a test of one does again and again.
#pragma once

#include "firmware-sim/unity/unity.h"
#include "tests/unit/firmware-sim/node/fake_port.h"

enum { device_places = 6, device_interval_ms = 1000 };

static FakePort fake;
static Node node;
static NodeConfig config;
static uint8_t
    ring_memory[2 * node_ring_head_bytes + device_places * (node_ring_record_head_bytes + 8)];

static const NodeChannel device_channels[] = {{"temperature", "Cel"}, {"humidity", "%RH"}};

static inline void device_configure(NodeProtocol protocol, NodeFormat format) {
  memset(&config, 0, sizeof config);
  config.name = "dev-7";
  config.path = "plant/dev-7";
  config.version = "1.0.0";
  config.channels = device_channels;
  config.channel_count = 2;
  config.batch = 2;
  config.keep_alive_s = 60;
  config.protocol = protocol;
  config.format = format;
  config.interval_ms = device_interval_ms;
}

static inline void device_boot(void) {
  TEST_ASSERT_EQUAL_INT(node_started,
                        node_start(&node, &config, &fake.port, ring_memory, sizeof ring_memory));
}

// Switched on for the first time; the ring's memory holds nothing.
static inline void device_start(NodeProtocol protocol, NodeFormat format) {
  fake_start(&fake);
  memset(ring_memory, 0, sizeof ring_memory);
  device_configure(protocol, format);
  device_boot();
}

static inline void device_measure(int32_t temperature) {
  const int32_t values[] = {temperature, 40000};
  node_take(&node, values);
}

static inline NodeVerdict device_poll_at(uint64_t now_ms) {
  fake.now_ms = now_ms;
  return node_poll(&node);
}

static inline NodeCoapMessage device_sent(unsigned ago) {
  NodeCoapMessage message;
  TEST_ASSERT_EQUAL_INT(
      node_coap_ok, node_coap_decode(fake_out(&fake, ago), fake_out_size(&fake, ago), &message));
  return message;
}

// The gateway's answer to the last request, in its ACK; `options` and payload as raw bytes.
static inline void device_answer(uint8_t code, const void* rest, size_t size) {
  const NodeCoapMessage request = device_sent(0);
  uint8_t packet[128];
  NodeWriter writer = node_writer(packet, sizeof packet);
  node_coap_put_header(&writer, node_coap_ack, code, request.message_id, request.token,
                       request.token_size);
  if (size > 0) node_put_bytes(&writer, rest, size);
  fake_arrive(&fake, packet, writer.size);
  node_poll(&node);
}
