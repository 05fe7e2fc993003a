// What the board is told on its (semihosting) command line: "board --port 5683 --name dev-7".
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "firmware-sim/node/node.h"

enum { options_room = 512 };

typedef struct Options {
  char text[options_room];  // the command line, cut into pieces that the others point into
  const char* name;
  const char* path;
  const char* store;  // file for what survives a power cut
  NodeFormat format;
  uint16_t port;  // of the gateway
  uint32_t interval_ms;
  uint32_t batch;
  uint32_t places;         // readings that the ring holds
  uint32_t restart_every;  // acknowledged readings; then the board resets itself. 0: never
  uint32_t readings;       // acknowledged, then the board ends. 0: never
} Options;

// False: an option that is not known or has no right value; `wrong` is it.
bool options_read(Options* options, const char** wrong);
