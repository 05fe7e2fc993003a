#include "firmware-sim/cortex-m/flash.h"

#include <string.h>

#include "firmware-sim/cortex-m/semihosting.h"
#include "firmware-sim/node/bytes.h"

// generation, size, check of both and of the content, content
enum { head_bytes = 8, sector_bytes = head_bytes + flash_max_bytes };

static uint16_t check_of(const uint8_t* sector) {
  uint8_t checked[sector_bytes - 2];
  memcpy(checked, sector, 6);
  memcpy(checked + 6, sector + head_bytes, flash_max_bytes);
  return node_check(checked, sizeof checked);
}

static bool read_sector(int32_t file, uint32_t at, uint8_t* sector) {
  return semihosting_seek(file, at * sector_bytes) &&
         semihosting_read_all(file, sector, sector_bytes) && node_load_u32(sector) != 0 &&
         node_load_u16(sector + 6) == check_of(sector);
}

void flash_open(Flash* flash, const char* file) {
  flash->file = file;
  flash->generation = 0;
}

bool flash_load(Flash* flash, uint8_t* bytes, size_t size) {
  if (flash->file[0] == '\0') return false;
  const int32_t file = semihosting_open(flash->file, semihosting_read);
  if (file < 0) return false;
  uint32_t newest = 0;
  for (uint32_t at = 0; at < 2; ++at) {
    uint8_t sector[sector_bytes];
    if (!read_sector(file, at, sector)) continue;
    const uint32_t generation = node_load_u32(sector);
    if (generation <= newest || node_load_u16(sector + 4) != size) continue;
    newest = generation;
    memcpy(bytes, sector + head_bytes, size);
  }
  semihosting_close(file);
  flash->generation = newest;
  return newest != 0;
}

bool flash_save(Flash* flash, const uint8_t* bytes, size_t size) {
  if (flash->file[0] == '\0' || size > flash_max_bytes) return false;
  int32_t file = semihosting_open(flash->file, semihosting_update);
  if (file < 0) file = semihosting_open(flash->file, semihosting_create);
  if (file < 0) return false;
  uint8_t sector[2 * sector_bytes];
  memset(sector, 0, sizeof sector);
  const uint32_t generation = flash->generation + 1;
  node_store_u32(sector, generation);
  node_store_u16(sector + 4, (uint16_t)size);
  memcpy(sector + head_bytes, bytes, size);
  node_store_u16(sector + 6, check_of(sector));
  const uint32_t at = generation & 1;
  // The other sector has to exist before anything can be written behind it.
  const bool is_ready =
      generation > 1 || semihosting_write_all(file, sector + sector_bytes, sector_bytes);
  const bool is_written = is_ready && semihosting_seek(file, at * sector_bytes) &&
                          semihosting_write_all(file, sector, sector_bytes);
  semihosting_close(file);
  if (is_written) flash->generation = generation;
  return is_written;
}
