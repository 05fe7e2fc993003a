#include "firmware-sim/node/ring.h"

#include <string.h>

#include "firmware-sim/node/bytes.h"

enum { magic = 0x474E5253 };  // "SRNG"

static size_t record_bytes(uint8_t channels) {
  return node_ring_record_head_bytes + (size_t)4 * channels;
}

size_t node_ring_bytes(uint32_t readings, uint8_t channels) {
  return 2 * (size_t)node_ring_head_bytes + readings * record_bytes(channels);
}

static uint8_t* head_at(const NodeRing* ring, uint32_t generation) {
  return ring->memory + (generation & 1) * (size_t)node_ring_head_bytes;
}

static uint8_t* record_at(const NodeRing* ring, uint32_t index) {
  const uint32_t place = (uint32_t)(((uint64_t)ring->first + index) % ring->capacity);
  return ring->memory + 2 * (size_t)node_ring_head_bytes + place * record_bytes(ring->channels);
}

// The functions that write live in another file, so that no compiler moves the head before its
// record.
static void write_head(NodeRing* ring, uint64_t clock_ms) {
  uint8_t* const head = head_at(ring, ++ring->generation);
  node_store_u32(head, magic);
  node_store_u32(head + 4, ring->generation);
  node_store_u32(head + 8, ring->capacity);
  node_store_u32(head + 12, ring->first);
  node_store_u32(head + 16, ring->count);
  node_store_u32(head + 20, ring->next_sequence);
  node_store_u32(head + 24, ring->dropped);
  node_store_u64(head + 28, clock_ms);
  node_store_u16(head + 36, ring->channels);
  node_store_u16(head + 38, node_check(head, 38));
}

static bool is_head(const NodeRing* ring, const uint8_t* head) {
  return node_load_u32(head) == magic && node_load_u16(head + 38) == node_check(head, 38) &&
         node_load_u32(head + 8) == ring->capacity && node_load_u32(head + 12) < ring->capacity &&
         node_load_u32(head + 16) <= ring->capacity && node_load_u16(head + 36) == ring->channels;
}

// The newer of the valid heads, or NULL.
static const uint8_t* newest_head(const NodeRing* ring) {
  const uint8_t* const a = head_at(ring, 0);
  const uint8_t* const b = head_at(ring, 1);
  if (!is_head(ring, a)) return is_head(ring, b) ? b : NULL;
  if (!is_head(ring, b)) return a;
  const uint32_t ahead = node_load_u32(b + 4) - node_load_u32(a + 4);
  return ahead < UINT32_MAX / 2 ? b : a;  // generations wrap
}

static bool is_record(const uint8_t* record, size_t size) {
  return node_load_u16(record + size - 2) == node_check(record, size - 2);
}

// Closes the gaps that damaged records leave. Harmless when a reset hits it: the old head still
// counts them all, and the copies that it then finds twice are told by their numbers.
static void drop_damaged(NodeRing* ring) {
  const size_t size = record_bytes(ring->channels);
  const uint32_t held = ring->count;
  uint32_t kept = 0;
  uint32_t last_sequence = 0;
  for (uint32_t i = 0; i < held; ++i) {
    const uint8_t* const record = record_at(ring, i);
    const uint32_t sequence = node_load_u32(record);
    const bool is_next = sequence > last_sequence && sequence < ring->next_sequence;
    if (!is_record(record, size) || !is_next) {
      ++ring->dropped;
      continue;
    }
    if (kept != i) memcpy(record_at(ring, kept), record, size);
    last_sequence = sequence;
    ++kept;
  }
  ring->count = kept;
}

bool node_ring_open(NodeRing* ring, void* memory, size_t bytes, uint8_t channels, bool* was_kept,
                    uint64_t* clock_ms) {
  memset(ring, 0, sizeof *ring);
  *was_kept = false;
  *clock_ms = 0;
  if (channels == 0 || channels > node_max_channels || bytes < node_ring_bytes(1, channels)) {
    return false;
  }
  const size_t capacity = (bytes - node_ring_bytes(0, channels)) / record_bytes(channels);
  ring->memory = (uint8_t*)memory;
  ring->channels = channels;
  ring->capacity = capacity < UINT32_MAX ? (uint32_t)capacity : UINT32_MAX;
  ring->next_sequence = 1;

  const uint8_t* const head = newest_head(ring);
  if (head == NULL) {
    // No older head may count records that this life has overwritten.
    memset(ring->memory, 0, 2 * (size_t)node_ring_head_bytes);
    write_head(ring, 0);
    return true;
  }
  ring->generation = node_load_u32(head + 4);
  ring->first = node_load_u32(head + 12);
  ring->count = node_load_u32(head + 16);
  ring->next_sequence = node_load_u32(head + 20);
  ring->dropped = node_load_u32(head + 24);
  *clock_ms = node_load_u64(head + 28);
  *was_kept = true;
  drop_damaged(ring);
  write_head(ring, *clock_ms);
  return true;
}

bool node_ring_push(NodeRing* ring, NodeReading* reading) {
  reading->sequence = ring->next_sequence++;
  const bool has_room = ring->count < ring->capacity;
  if (has_room) {
    const size_t size = record_bytes(ring->channels);
    uint8_t* const record = record_at(ring, ring->count);
    node_store_u32(record, reading->sequence);
    node_store_u32(record + 4, reading->boot);
    node_store_u64(record + 8, reading->clock_ms);
    for (size_t i = 0; i < ring->channels; ++i) {
      node_store_u32(record + 16 + 4 * i, (uint32_t)reading->values[i]);
    }
    node_store_u16(record + size - 2, node_check(record, size - 2));
    ++ring->count;
  } else {
    ++ring->dropped;
  }
  write_head(ring, reading->clock_ms);
  return has_room;
}

NodeReading node_ring_at(const NodeRing* ring, uint32_t index) {
  const uint8_t* const record = record_at(ring, index);
  NodeReading reading;
  memset(&reading, 0, sizeof reading);
  reading.sequence = node_load_u32(record);
  reading.boot = node_load_u32(record + 4);
  reading.clock_ms = node_load_u64(record + 8);
  for (size_t i = 0; i < ring->channels; ++i) {
    reading.values[i] = (int32_t)node_load_u32(record + 16 + 4 * i);
  }
  return reading;
}

void node_ring_pop(NodeRing* ring, uint32_t count, uint64_t clock_ms) {
  if (count > ring->count) count = ring->count;
  ring->first = (uint32_t)(((uint64_t)ring->first + count) % ring->capacity);
  ring->count -= count;
  write_head(ring, clock_ms);
}

void node_ring_drop(NodeRing* ring, uint64_t clock_ms) {
  if (ring->count > 0) ++ring->dropped;
  node_ring_pop(ring, 1, clock_ms);
}
