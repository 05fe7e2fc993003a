// The memory that survives a power cut, over a file that a test plays and cuts.
#include "firmware-sim/cortex-m/flash.h"

#include <string.h>

#include "firmware-sim/cortex-m/semihosting.h"
#include "firmware-sim/unity/unity.h"

// --- a host with one file; its power fails after so many bytes were written ---

enum { room = 512, for_ever = 100000 };
static uint8_t content[room];
static size_t content_size;
static bool exists;
static uint32_t place;
static size_t power_left;

int32_t semihosting_open(const char* name, SemihostingMode mode) {
  TEST_ASSERT_EQUAL_STRING("flash", name);
  if (power_left == 0 || (mode != semihosting_create && !exists)) return -1;
  if (mode == semihosting_create) content_size = 0;
  exists = true;
  place = 0;
  return 3;
}

bool semihosting_seek(int32_t file, uint32_t offset) {
  place = offset;
  return file == 3;
}

bool semihosting_read_all(int32_t file, uint8_t* bytes, size_t size) {
  if (file != 3 || place + size > content_size) return false;
  memcpy(bytes, content + place, size);
  place += (uint32_t)size;
  return true;
}

bool semihosting_write_all(int32_t file, const uint8_t* bytes, size_t size) {
  for (size_t i = 0; i < size && power_left > 0; ++i, --power_left) {
    content[place++] = bytes[i];
    if (place > content_size) content_size = place;
  }
  return file == 3 && power_left > 0;
}

void semihosting_close(int32_t file) { (void)file; }

// --- the tests ---

static Flash flash;
static uint8_t bytes[40];

void setUp(void) {
  exists = false;
  content_size = 0;
  power_left = for_ever;
  flash_open(&flash, "flash");
}

static bool save(uint8_t what) {
  memset(bytes, what, sizeof bytes);
  return flash_save(&flash, bytes, sizeof bytes);
}

// What is there after a power cut; 0: nothing.
static uint8_t load(void) {
  power_left = for_ever;
  memset(bytes, 0, sizeof bytes);
  flash_open(&flash, "flash");
  if (!flash_load(&flash, bytes, sizeof bytes)) return 0;
  for (size_t i = 1; i < sizeof bytes; ++i) TEST_ASSERT_EQUAL_HEX8(bytes[0], bytes[i]);
  return bytes[0];
}

static void nothing_is_there_at_first(void) { TEST_ASSERT_EQUAL_UINT8(0, load()); }

static void what_was_saved_last_is_there(void) {
  for (uint8_t i = 1; i <= 5; ++i) {
    TEST_ASSERT_TRUE(save(i));
    TEST_ASSERT_EQUAL_UINT8(i, load());
    TEST_ASSERT_EQUAL_UINT8(i, load());
  }
}

static void loading_twice_gives_the_same(void) {
  save(7);
  TEST_ASSERT_TRUE(flash_load(&flash, bytes, sizeof bytes));
  TEST_ASSERT_TRUE(flash_load(&flash, bytes, sizeof bytes));
}

static void a_power_cut_at_any_byte_leaves_the_old_or_the_new(void) {
  for (uint8_t saves = 0; saves < 4; ++saves) {
    bool was_new = false;
    for (size_t cut = 0; cut < 200 && !was_new; ++cut) {
      setUp();
      for (uint8_t i = 1; i <= saves; ++i) save(i);
      power_left = cut;
      const bool said = save(9);
      const uint8_t found = load();
      TEST_ASSERT_TRUE(found == saves || found == 9);
      if (said) TEST_ASSERT_EQUAL_UINT8(9, found);
      // And the next save works whatever was left.
      TEST_ASSERT_TRUE(save(11));
      TEST_ASSERT_EQUAL_UINT8(11, load());
      was_new = said;
    }
    TEST_ASSERT_TRUE(was_new);
  }
}

static void without_a_file_nothing_is_kept(void) {
  flash_open(&flash, "");
  TEST_ASSERT_FALSE(save(1));
  TEST_ASSERT_FALSE(flash_load(&flash, bytes, sizeof bytes));
}

static void another_size_is_nothing(void) {
  save(1);
  TEST_ASSERT_FALSE(flash_load(&flash, bytes, sizeof bytes - 1));
  TEST_ASSERT_FALSE(flash_save(&flash, bytes, flash_max_bytes + 1));
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(nothing_is_there_at_first);
  RUN_TEST(what_was_saved_last_is_there);
  RUN_TEST(loading_twice_gives_the_same);
  RUN_TEST(a_power_cut_at_any_byte_leaves_the_old_or_the_new);
  RUN_TEST(without_a_file_nothing_is_kept);
  RUN_TEST(another_size_is_nothing);
  return UNITY_END();
}
