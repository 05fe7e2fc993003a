// The emulator (or a debugger) as console, file system and exit (Arm, "Semihosting for AArch32").
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void semihosting_write(const char* text);
// Ends the emulator with this exit code. Does not return.
void semihosting_exit(int code);
// The arguments that the program was started with, separated by blanks. False: none.
bool semihosting_command_line(char* text, size_t room);
// Seconds since 1970 by the host's clock.
uint32_t semihosting_time(void);

// A file of the host, for the memory that survives a power cut. Negative: it is not there.
typedef enum SemihostingMode {
  semihosting_read,
  semihosting_update,
  semihosting_create
} SemihostingMode;
int32_t semihosting_open(const char* name, SemihostingMode mode);
bool semihosting_seek(int32_t file, uint32_t offset);
bool semihosting_read_all(int32_t file, uint8_t* bytes, size_t size);
bool semihosting_write_all(int32_t file, const uint8_t* bytes, size_t size);
void semihosting_close(int32_t file);
