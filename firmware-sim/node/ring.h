// NodeRing: the readings that nobody has acknowledged yet, oldest first, in memory of the caller.
//
//   memory: [ head A | head B | record 0 | record 1 | ... ]
//                                 ^ first ......... count
//
// When it is full a new reading is not taken, but counted in `dropped`: what is unacknowledged is
// never overwritten. If the memory keeps its content through a reset (battery-backed, or not
// initialised at start), node_ring_open() finds the readings again. A reset may hit at any write:
// two heads are written in turn, each record before the head that counts it, all with a check.
//
// One owner, no locks. Nothing here needs a port.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { node_max_channels = 4, node_ring_head_bytes = 40, node_ring_record_head_bytes = 18 };

typedef struct NodeReading {
  uint64_t clock_ms;                  // the node's clock when it was measured
  uint32_t boot;                      // the boot in which it was
  uint32_t sequence;                  // with `boot` its identity: never given twice
  int32_t values[node_max_channels];  // thousandths of the channel's unit
} NodeReading;

typedef struct NodeRing {
  uint8_t* memory;         // lent for the ring's life
  uint32_t capacity;       // readings
  uint32_t first;          // index of the oldest
  uint32_t count;          // readings held
  uint32_t next_sequence;  // of the next reading that is measured, kept or not; starts with 1
  uint32_t dropped;        // since the memory was new: what found no room, or was found damaged
  uint32_t generation;     // of the newest head
  uint8_t channels;
} NodeRing;

// What memory for `readings` readings of `channels` values each takes.
size_t node_ring_bytes(uint32_t readings, uint8_t channels);

// Takes over what a former life left in `memory`, if that is a ring of the same size and shape;
// else starts empty. `clock_ms` is then the newest time that the former life noted, else 0. Records
// with a wrong check are dropped and counted.
// False: the memory has no room for a single reading, or `channels` is not in 1..node_max_channels.
bool node_ring_open(NodeRing* ring, void* memory, size_t bytes, uint8_t channels, bool* was_kept,
                    uint64_t* clock_ms);

// Gives `reading` the next sequence number and keeps it. False: it is full, the reading is counted
// as dropped; its number is used up, so that the gap shows.
bool node_ring_push(NodeRing* ring, NodeReading* reading);

// The reading at `index`, 0 being the oldest. `index` is less than `count`.
NodeReading node_ring_at(const NodeRing* ring, uint32_t index);

// Frees the `count` oldest readings: they are acknowledged. At most those that are there.
void node_ring_pop(NodeRing* ring, uint32_t count, uint64_t clock_ms);

// Frees the oldest reading though it is not acknowledged, and counts it as dropped.
void node_ring_drop(NodeRing* ring, uint64_t clock_ms);

#ifdef __cplusplus
}
#endif
