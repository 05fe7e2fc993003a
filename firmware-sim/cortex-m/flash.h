// The memory that survives a power cut: a file of the host that stands for two sectors of flash,
// written in turn. A power cut in the middle of a write leaves the other one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { flash_max_bytes = 64 };

typedef struct Flash {
  const char* file;     // lent; "": nothing is ever kept
  uint32_t generation;  // of the newest sector; 0: none
} Flash;

void flash_open(Flash* flash, const char* file);
// False: nothing was ever written, or with another size.
bool flash_load(Flash* flash, uint8_t* bytes, size_t size);
// False: it was not written.
bool flash_save(Flash* flash, const uint8_t* bytes, size_t size);
