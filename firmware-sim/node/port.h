// NodePort: all that the sensor core needs of the world. Five functions, handed in by who runs it:
// a board's main loop, a simulator with a clock of its own, a test.
//
// The core calls them from node_start(), node_poll() and node_take() only, on the caller's thread,
// and keeps none of the pointers that it hands out.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum NodeSent {
  node_sent,        // all bytes were taken
  node_sent_busy,   // none were; the core tries again later
  node_sent_closed  // streams only: none were, and there is no connection (any more). The port
                    // makes a new one when it is next asked to send.
} NodeSent;

typedef enum NodeStoreAction { node_store_load, node_store_save } NodeStoreAction;

typedef struct NodePort {
  void* context;

  // Milliseconds since some instant. Never goes back between two resets of the device.
  uint64_t (*now_ms)(void* context);

  // To the gateway: one datagram (CoAP), or bytes of a stream (MQTT), all or none of them.
  // A stream with `size` 0: hang up.
  NodeSent (*send)(void* context, const uint8_t* bytes, size_t size);

  // From the gateway, never from anybody else: one datagram, or what has arrived of a stream.
  // Gives the number of bytes; 0: nothing is there; negative (streams only): the connection ended.
  // A datagram of more than `room` bytes is dropped by the port.
  int32_t (*receive)(void* context, uint8_t* bytes, size_t room);

  // 32 random bits. Need not be secret, must differ between devices and between boots.
  uint32_t (*random)(void* context);

  // Memory that survives a power cut. Saving replaces the whole of it or none. Loading gives false
  // when nothing was ever saved. `size` is node_saved_bytes each time.
  bool (*store)(void* context, NodeStoreAction action, uint8_t* bytes, size_t size);
} NodePort;

#ifdef __cplusplus
}
#endif
