// A world for one node in a C test: a clock that stands until it is moved, a wire whose packets are
// kept, memory that survives a power cut.
#pragma once

#include <string.h>

#include "firmware-sim/node/node.h"

enum { fake_packets = 32, fake_room = 1024 };

typedef struct FakePort {
  NodePort port;
  uint64_t now_ms;
  uint32_t next_random;  // what the next call gives; it grows by one
  NodeSent answer;       // of send()
  unsigned sent;         // packets, of which the last are kept
  uint8_t out[fake_packets][fake_room];
  size_t out_size[fake_packets];
  uint64_t out_ms[fake_packets];
  unsigned hung_up;
  bool is_ended;  // the stream
  uint8_t in[fake_packets][fake_room];
  size_t in_size[fake_packets];
  unsigned in_first;
  unsigned in_count;
  bool has_saved;
  bool cannot_save;
  unsigned saves;
  uint8_t saved[node_saved_bytes];
} FakePort;

static inline uint64_t fake_now(void* context) { return ((FakePort*)context)->now_ms; }

static inline uint32_t fake_random(void* context) { return ((FakePort*)context)->next_random++; }

static inline NodeSent fake_send(void* context, const uint8_t* bytes, size_t size) {
  FakePort* const fake = (FakePort*)context;
  if (size == 0) {
    ++fake->hung_up;
    return node_sent;
  }
  if (fake->answer != node_sent) return fake->answer;
  const unsigned at = fake->sent++ % fake_packets;
  memcpy(fake->out[at], bytes, size);
  fake->out_size[at] = size;
  fake->out_ms[at] = fake->now_ms;
  return node_sent;
}

static inline int32_t fake_receive(void* context, uint8_t* bytes, size_t room) {
  FakePort* const fake = (FakePort*)context;
  if (fake->in_count == 0) {
    const bool is_ended = fake->is_ended;
    fake->is_ended = false;
    return is_ended ? -1 : 0;
  }
  const unsigned at = fake->in_first++ % fake_packets;
  --fake->in_count;
  const size_t size = fake->in_size[at] < room ? fake->in_size[at] : room;
  memcpy(bytes, fake->in[at], size);
  return (int32_t)size;
}

static inline bool fake_store(void* context, NodeStoreAction action, uint8_t* bytes, size_t size) {
  FakePort* const fake = (FakePort*)context;
  if (action == node_store_load) {
    if (fake->has_saved) memcpy(bytes, fake->saved, size);
    return fake->has_saved;
  }
  if (fake->cannot_save) return false;
  memcpy(fake->saved, bytes, size);
  fake->has_saved = true;
  ++fake->saves;
  return true;
}

static inline void fake_start(FakePort* fake) {
  memset(fake, 0, sizeof *fake);
  fake->port.context = fake;
  fake->port.now_ms = fake_now;
  fake->port.send = fake_send;
  fake->port.receive = fake_receive;
  fake->port.random = fake_random;
  fake->port.store = fake_store;
  fake->now_ms = 1000;
}

static inline void fake_arrive(FakePort* fake, const void* bytes, size_t size) {
  const unsigned at = (fake->in_first + fake->in_count++) % fake_packets;
  memcpy(fake->in[at], bytes, size);
  fake->in_size[at] = size;
}

// The packet that was sent `ago` packets before the last.
static inline const uint8_t* fake_out(const FakePort* fake, unsigned ago) {
  return fake->out[(fake->sent - 1 - ago) % fake_packets];
}
static inline size_t fake_out_size(const FakePort* fake, unsigned ago) {
  return fake->out_size[(fake->sent - 1 - ago) % fake_packets];
}

// The last packet contains this text.
static inline bool fake_said(const FakePort* fake, const char* text) {
  const size_t size = strlen(text);
  for (size_t at = 0; at + size <= fake_out_size(fake, 0); ++at) {
    if (memcmp(fake_out(fake, 0) + at, text, size) == 0) return true;
  }
  return false;
}
