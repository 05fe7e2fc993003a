#include "firmware-sim/cortex-m/semihosting.h"

#include <string.h>

enum {
  sys_open = 0x01,
  sys_close = 0x02,
  sys_write0 = 0x04,
  sys_write = 0x05,
  sys_read = 0x06,
  sys_seek = 0x0A,
  sys_time = 0x11,
  sys_get_cmdline = 0x15,
  sys_exit_extended = 0x20
};

static uint32_t call(uint32_t operation, const void* parameters) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = parameters;
  __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static uint32_t address(const void* pointer) { return (uint32_t)(uintptr_t)pointer; }

void semihosting_write(const char* text) { call(sys_write0, text); }

void semihosting_exit(int code) {
  const uint32_t parameters[2] = {0x20026, (uint32_t)code};  // ADP_Stopped_ApplicationExit
  call(sys_exit_extended, parameters);
  for (;;) {
  }
}

bool semihosting_command_line(char* text, size_t room) {
  const uint32_t parameters[2] = {address(text), room};
  return call(sys_get_cmdline, parameters) == 0;
}

uint32_t semihosting_time(void) { return call(sys_time, NULL); }

int32_t semihosting_open(const char* name, SemihostingMode mode) {
  static const uint32_t modes[] = {1, 3, 7};  // "rb", "r+b", "w+b"
  const uint32_t parameters[3] = {address(name), modes[mode], strlen(name)};
  return (int32_t)call(sys_open, parameters);
}

bool semihosting_seek(int32_t file, uint32_t offset) {
  const uint32_t parameters[2] = {(uint32_t)file, offset};
  return call(sys_seek, parameters) == 0;
}

bool semihosting_read_all(int32_t file, uint8_t* bytes, size_t size) {
  const uint32_t parameters[3] = {(uint32_t)file, address(bytes), size};
  return call(sys_read, parameters) == 0;  // the number of bytes that are missing
}

bool semihosting_write_all(int32_t file, const uint8_t* bytes, size_t size) {
  const uint32_t parameters[3] = {(uint32_t)file, address(bytes), size};
  return call(sys_write, parameters) == 0;
}

void semihosting_close(int32_t file) {
  const uint32_t parameters[1] = {(uint32_t)file};
  call(sys_close, parameters);
}
