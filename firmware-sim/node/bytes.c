#include "firmware-sim/node/bytes.h"

#include <string.h>

NodeWriter node_writer(uint8_t* bytes, size_t room) {
  NodeWriter writer = {bytes, room, 0, false};
  return writer;
}

void node_put_bytes(NodeWriter* writer, const void* bytes, size_t size) {
  if (writer->is_full || size > writer->room - writer->size) {
    writer->is_full = true;
    return;
  }
  memmove(writer->bytes + writer->size, bytes, size);
  writer->size += size;
}

void node_put_byte(NodeWriter* writer, uint8_t byte) { node_put_bytes(writer, &byte, 1); }

void node_put_text(NodeWriter* writer, const char* text) {
  node_put_bytes(writer, text, strlen(text));
}

void node_put_u16(NodeWriter* writer, uint16_t number) {
  node_put_byte(writer, (uint8_t)(number >> 8));
  node_put_byte(writer, (uint8_t)number);
}

void node_put_decimal(NodeWriter* writer, uint64_t number) {
  uint8_t digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (uint8_t)('0' + number % 10);
    number /= 10;
  } while (number != 0);
  node_put_bytes(writer, digits + at, sizeof digits - at);
}

void node_put_padded(NodeWriter* writer, uint32_t number, unsigned digits) {
  uint32_t unit = 1;
  while (--digits > 0) unit *= 10;
  for (; unit > 0; unit /= 10) node_put_byte(writer, (uint8_t)('0' + number / unit % 10));
}

void node_put_thousandths(NodeWriter* writer, int64_t thousandths) {
  uint64_t size = (uint64_t)thousandths;
  if (thousandths < 0) {
    node_put_byte(writer, '-');
    size = 0 - size;
  }
  node_put_decimal(writer, size / 1000);
  uint32_t rest = (uint32_t)(size % 1000);
  if (rest == 0) return;
  unsigned digits = 3;
  for (; rest % 10 == 0; rest /= 10) --digits;
  node_put_byte(writer, '.');
  node_put_padded(writer, rest, digits);
}

// Days since 1970 to a date: years that begin in March, in eras of 400 years (Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms").
void node_put_time(NodeWriter* writer, uint64_t unix_ms) {
  const uint32_t in_day = (uint32_t)(unix_ms % 86400000);
  const uint64_t days = unix_ms / 86400000 + 719468;
  const uint64_t era = days / 146097;
  const uint32_t of_era = (uint32_t)(days % 146097);
  const uint32_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const uint32_t of_year = of_era - (365 * years + years / 4 - years / 100);
  const uint32_t shifted_month = (5 * of_year + 2) / 153;
  const uint32_t day = of_year - (153 * shifted_month + 2) / 5 + 1;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const uint64_t year = years + era * 400 + (month <= 2 ? 1 : 0);
  node_put_padded(writer, (uint32_t)(year % 10000), 4);
  node_put_byte(writer, '-');
  node_put_padded(writer, month, 2);
  node_put_byte(writer, '-');
  node_put_padded(writer, day, 2);
  node_put_byte(writer, 'T');
  node_put_padded(writer, in_day / 3600000, 2);
  node_put_byte(writer, ':');
  node_put_padded(writer, in_day / 60000 % 60, 2);
  node_put_byte(writer, ':');
  node_put_padded(writer, in_day / 1000 % 60, 2);
  node_put_byte(writer, '.');
  node_put_padded(writer, in_day % 1000, 3);
  node_put_byte(writer, 'Z');
}

static void store(uint8_t* bytes, uint64_t number, unsigned size) {
  for (unsigned i = 0; i < size; ++i) bytes[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t load(const uint8_t* bytes, unsigned size) {
  uint64_t number = 0;
  for (unsigned i = 0; i < size; ++i) number |= (uint64_t)bytes[i] << (8 * i);
  return number;
}

void node_store_u16(uint8_t* bytes, uint16_t number) { store(bytes, number, 2); }
void node_store_u32(uint8_t* bytes, uint32_t number) { store(bytes, number, 4); }
void node_store_u64(uint8_t* bytes, uint64_t number) { store(bytes, number, 8); }
uint16_t node_load_u16(const uint8_t* bytes) { return (uint16_t)load(bytes, 2); }
uint32_t node_load_u32(const uint8_t* bytes) { return (uint32_t)load(bytes, 4); }
uint64_t node_load_u64(const uint8_t* bytes) { return load(bytes, 8); }

uint16_t node_check(const uint8_t* bytes, size_t size) {
  uint32_t check = 0xFFFF;
  for (size_t i = 0; i < size; ++i) {
    check ^= (uint32_t)bytes[i] << 8;
    for (int bit = 0; bit < 8; ++bit) {
      check = (check & 0x8000) != 0 ? check << 1 ^ 0x1021 : check << 1;
    }
    check &= 0xFFFF;
  }
  return (uint16_t)check;
}

bool node_read_decimal(const uint8_t* text, size_t size, uint64_t limit, uint64_t* number) {
  if (size == 0) return false;
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    const uint64_t digit = (uint64_t)(text[i] - '0');
    if (digit > limit || value > (limit - digit) / 10) return false;
    value = value * 10 + digit;
  }
  *number = value;
  return true;
}
