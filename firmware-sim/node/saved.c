#include "firmware-sim/node/saved.h"

#include <string.h>

#include "firmware-sim/node/bytes.h"

enum { magic = 0x31444F4E, check_at = 38 };  // "NOD1"

NodeLoaded node_saved_load(const NodePort* port, NodeSaved* saved) {
  uint8_t bytes[node_saved_bytes];
  memset(saved, 0, sizeof *saved);
  if (!port->store(port->context, node_store_load, bytes, sizeof bytes)) {
    return node_loaded_nothing;
  }
  if (node_load_u32(bytes) != magic ||
      node_load_u16(bytes + check_at) != node_check(bytes, check_at)) {
    return node_loaded_damaged;
  }
  saved->boot = node_load_u32(bytes + 4);
  saved->interval_ms = node_load_u32(bytes + 8);
  saved->battery_nc = node_load_u64(bytes + 12);
  memcpy(saved->version, bytes + 20, node_version_room);
  saved->version[node_version_room - 1] = '\0';
  return node_loaded;
}

bool node_saved_save(const NodePort* port, const NodeSaved* saved) {
  uint8_t bytes[node_saved_bytes];
  memset(bytes, 0, sizeof bytes);
  node_store_u32(bytes, magic);
  node_store_u32(bytes + 4, saved->boot);
  node_store_u32(bytes + 8, saved->interval_ms);
  node_store_u64(bytes + 12, saved->battery_nc);
  memcpy(bytes + 20, saved->version, node_version_room);
  node_store_u16(bytes + check_at, node_check(bytes, check_at));
  return port->store(port->context, node_store_save, bytes, sizeof bytes);
}
