// NodeSaved: the little that a device knows after a power cut. Written through NodePort.store at
// each boot, after each command that changes it, and when the battery has lost a percent.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "firmware-sim/node/port.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { node_version_room = 16, node_saved_bytes = 40 };

typedef struct NodeSaved {
  uint64_t battery_nc;              // charge left
  uint32_t boot;                    // of this life; the first is 1
  uint32_t interval_ms;             // 0: as configured
  char version[node_version_room];  // of the firmware, empty: as configured
} NodeSaved;

typedef enum NodeLoaded {
  node_loaded,
  node_loaded_nothing,  // a device that was never switched on; `saved` is zero
  node_loaded_damaged   // `saved` is zero
} NodeLoaded;
NodeLoaded node_saved_load(const NodePort* port, NodeSaved* saved);
// False: it was not saved.
bool node_saved_save(const NodePort* port, const NodeSaved* saved);

#ifdef __cplusplus
}
#endif
