// Bytes out: a bounded writer, and numbers in memory that survives (little endian, checked).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Once something does not fit, `is_full` is set and nothing more is written. What is put may lie in
// the writer's own room, at or behind the place where it goes.
typedef struct NodeWriter {
  uint8_t* bytes;
  size_t room;
  size_t size;
  bool is_full;
} NodeWriter;

NodeWriter node_writer(uint8_t* bytes, size_t room);
void node_put_byte(NodeWriter* writer, uint8_t byte);
void node_put_bytes(NodeWriter* writer, const void* bytes, size_t size);
void node_put_text(NodeWriter* writer, const char* text);
// Big endian, as protocols have it.
void node_put_u16(NodeWriter* writer, uint16_t number);
void node_put_decimal(NodeWriter* writer, uint64_t number);
// `number` with leading zeros up to `digits`.
void node_put_padded(NodeWriter* writer, uint32_t number, unsigned digits);
// Thousandths as a decimal number without needless zeros: 21370 gives 21.37, -500 gives -0.5.
void node_put_thousandths(NodeWriter* writer, int64_t thousandths);
// Milliseconds since 1970 as RFC 3339: 2026-11-23T08:00:00.250Z.
void node_put_time(NodeWriter* writer, uint64_t unix_ms);

void node_store_u16(uint8_t* bytes, uint16_t number);
void node_store_u32(uint8_t* bytes, uint32_t number);
void node_store_u64(uint8_t* bytes, uint64_t number);
uint16_t node_load_u16(const uint8_t* bytes);
uint32_t node_load_u32(const uint8_t* bytes);
uint64_t node_load_u64(const uint8_t* bytes);

// CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF): of "123456789" it is 0x29B1.
uint16_t node_check(const uint8_t* bytes, size_t size);

// Reads a decimal number that fills all of `text`. False: it does not, or is above `limit`.
bool node_read_decimal(const uint8_t* text, size_t size, uint64_t limit, uint64_t* number);

#ifdef __cplusplus
}
#endif
