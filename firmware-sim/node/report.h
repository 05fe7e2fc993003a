// NodeReport: the recipe of one message to the gateway. A device has no room to keep the bytes that
// it may have to send again; it keeps what they are made of. As long as the readings stay at the
// front of the ring, the same recipe gives the same bytes.
//
// Three formats. In each, (boot, sequence) is a reading's identity. `dropped` is the count since
// the device's memory was new, and goes out until it is acknowledged; `cold`, with the first
// message of a boot, says that readings of the boot before may have been lost with the memory.
//
//   SenML JSON and CBOR (RFC 8428): a pack of the readings. Names: each channel's, and "boot",
//   "seq", "dropped", "battery", "cold", "firmware". Before the device knows the time, times are
//   relative.
//     [{"bn":"dev-7/","bt":1764450000.25,"n":"boot","v":3},{"n":"seq","v":17},
//      {"n":"temperature","u":"Cel","v":21.37},{"n":"dropped","v":2}]
//   Plain JSON: one reading.
//     {"device":"dev-7","boot":3,"seq":17,"ts":"2026-11-23T08:00:00.250Z","temperature":21.37}
//   with "age_ms" (when the message was first made) in place of "ts" before it knows the time.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "firmware-sim/node/bytes.h"
#include "firmware-sim/node/ring.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum NodeFormat { node_senml_json, node_senml_cbor, node_plain_json } NodeFormat;

typedef struct NodeChannel {
  const char* name;  // letters, digits and - : . / _ after a letter or digit (RFC 8428, 4.5.1)
  const char* unit;  // of RFC 8428 section 12.1; "" for none
} NodeChannel;

typedef struct NodeReport {
  uint64_t made_ms;    // the node's clock when the recipe was fixed
  uint64_t unix_0_ms;  // Unix time when the node's clock was 0; 0: unknown
  uint32_t dropped;    // 0: not worth a word
  uint16_t readings;   // from the front of the ring
  uint8_t battery;     // percent; node_on_mains: none
  bool is_first;       // of this boot: firmware version and `cold` go with it
  bool is_cold;        // the memory was new at this boot
} NodeReport;

// What a recipe is cooked from; all lent.
typedef struct NodePantry {
  const char* device;
  const char* version;
  const NodeChannel* channels;
  const NodeRing* ring;
} NodePantry;

// `writer` becomes full when it does not fit. Plain JSON takes the first reading only.
void node_write_report(NodeWriter* writer, NodeFormat format, const NodePantry* pantry,
                       const NodeReport* report);

// One record of a SenML pack. Exactly one of text, truth or number is its value.
typedef struct NodeSenmlRecord {
  const char* base_name;  // NULL but in the first record; "/" follows
  int64_t base_time_ms;   // 0: none
  const char* name;
  const char* unit;  // NULL or "": none
  const char* text;  // NULL: not a text
  bool is_truth;     // the value is "true"
  int64_t thousandths;
  int64_t time_ms;  // after the base time; 0: not written
} NodeSenmlRecord;

typedef void (*NodeSenmlVisit)(NodeWriter* writer, const NodeSenmlRecord* record, uint32_t index);

// Visits the records of a pack in order; gives their number. `visit` may be NULL.
uint32_t node_senml_records(const NodePantry* pantry, const NodeReport* report,
                            NodeSenmlVisit visit, NodeWriter* writer);

#ifdef __cplusplus
}
#endif
