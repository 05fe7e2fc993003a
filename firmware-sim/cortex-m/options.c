#include "firmware-sim/cortex-m/options.h"

#include <string.h>

#include "firmware-sim/cortex-m/semihosting.h"
#include "firmware-sim/node/bytes.h"

static bool read_number(const char* text, uint32_t limit, uint32_t* number) {
  uint64_t value = 0;
  if (!node_read_decimal((const uint8_t*)text, strlen(text), limit, &value)) return false;
  *number = (uint32_t)value;
  return true;
}

static bool read_format(const char* text, NodeFormat* format) {
  static const char* const names[] = {"senml-json", "senml-cbor", "json"};
  for (int i = 0; i < 3; ++i) {
    if (strcmp(text, names[i]) != 0) continue;
    *format = (NodeFormat)i;
    return true;
  }
  return false;
}

static bool take_option(Options* options, const char* name, const char* value) {
  uint32_t port = 0;
  if (strcmp(name, "--name") == 0) options->name = value;
  if (strcmp(name, "--path") == 0) options->path = value;
  if (strcmp(name, "--store") == 0) options->store = value;
  if (strcmp(name, "--name") == 0 || strcmp(name, "--path") == 0 || strcmp(name, "--store") == 0) {
    return true;
  }
  if (strcmp(name, "--port") == 0 && read_number(value, 65535, &port)) {
    options->port = (uint16_t)port;
    return true;
  }
  if (strcmp(name, "--format") == 0) return read_format(value, &options->format);
  if (strcmp(name, "--interval") == 0) return read_number(value, 86400000, &options->interval_ms);
  if (strcmp(name, "--batch") == 0) return read_number(value, 255, &options->batch);
  if (strcmp(name, "--ring") == 0) return read_number(value, 65535, &options->places);
  if (strcmp(name, "--restart-every") == 0) {
    return read_number(value, UINT32_MAX, &options->restart_every);
  }
  if (strcmp(name, "--readings") == 0) return read_number(value, UINT32_MAX, &options->readings);
  return false;
}

// Cuts the next piece off `*rest`; NULL: there is none. (strtok would bring half of newlib.)
static char* next_piece(char** rest) {
  char* const piece = *rest + strspn(*rest, " ");
  if (*piece == '\0') return NULL;
  char* const end = piece + strcspn(piece, " ");
  *rest = *end == '\0' ? end : end + 1;
  *end = '\0';
  return piece;
}

bool options_read(Options* options, const char** wrong) {
  memset(options, 0, sizeof *options);
  options->name = "board-1";
  options->path = "telemetry/board-1";
  options->store = "";
  options->port = 5683;
  options->interval_ms = 1000;
  options->batch = 8;
  options->places = 1024;
  *wrong = "";
  if (!semihosting_command_line(options->text, sizeof options->text)) return true;
  char* rest = options->text;
  next_piece(&rest);  // the program's own name
  const char* name = NULL;
  while ((name = next_piece(&rest)) != NULL) {
    const char* const value = next_piece(&rest);
    *wrong = name;
    if (value == NULL || !take_option(options, name, value)) return false;
  }
  return true;
}
