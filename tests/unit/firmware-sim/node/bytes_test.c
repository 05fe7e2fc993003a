#include "firmware-sim/node/bytes.h"

#include <string.h>

#include "firmware-sim/unity/unity.h"

static uint8_t room[64];
static NodeWriter writer;

void setUp(void) {
  memset(room, 0, sizeof room);
  writer = node_writer(room, sizeof room - 1);
}

#define ASSERT_WRITTEN(expected) TEST_ASSERT_EQUAL_STRING(expected, (const char*)room)

static void thousandths_have_no_needless_zeros(void) {
  const int64_t numbers[] = {21370, -500, 0, 7, -40000, 100010, INT32_MIN, INT64_MIN};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers - 2; ++i) {
    node_put_thousandths(&writer, numbers[i]);
    node_put_byte(&writer, ' ');
  }
  ASSERT_WRITTEN("21.37 -0.5 0 0.007 -40 100.01 ");
  setUp();
  node_put_thousandths(&writer, INT32_MIN);
  ASSERT_WRITTEN("-2147483.648");
  setUp();
  node_put_thousandths(&writer, INT64_MIN);
  ASSERT_WRITTEN("-9223372036854775.808");
}

static void a_number_has_all_its_digits(void) {
  node_put_decimal(&writer, UINT64_MAX);
  node_put_byte(&writer, ' ');
  node_put_decimal(&writer, 0);
  ASSERT_WRITTEN("18446744073709551615 0");
}

static void a_time_is_written_as_rfc3339(void) {
  const struct {
    uint64_t unix_ms;
    const char* text;
  } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
               {951782399999U, "2000-02-28T23:59:59.999Z"},
               {951782400000U, "2000-02-29T00:00:00.000Z"},
               {1735689599001U, "2024-12-31T23:59:59.001Z"},
               {1764450000250U, "2025-11-29T21:00:00.250Z"},
               {4107542400000U, "2100-03-01T00:00:00.000Z"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    setUp();
    node_put_time(&writer, cases[i].unix_ms);
    ASSERT_WRITTEN(cases[i].text);
  }
}

static void what_does_not_fit_leaves_the_writer_full(void) {
  writer = node_writer(room, 4);
  node_put_text(&writer, "abc");
  node_put_text(&writer, "de");
  node_put_byte(&writer, 'f');
  TEST_ASSERT_TRUE(writer.is_full);
  TEST_ASSERT_EQUAL_UINT32(3, writer.size);
  ASSERT_WRITTEN("abc");
}

static void the_check_is_crc16_ccitt_false(void) {
  TEST_ASSERT_EQUAL_HEX16(0x29B1, node_check((const uint8_t*)"123456789", 9));
}

static void numbers_in_memory_are_little_endian(void) {
  node_store_u64(room, 0x0102030405060708U);
  TEST_ASSERT_EQUAL_HEX8(0x08, room[0]);
  TEST_ASSERT_EQUAL_HEX8(0x01, room[7]);
  TEST_ASSERT_EQUAL_HEX16(0x0708, node_load_u16(room));
  TEST_ASSERT_EQUAL_HEX32(0x05060708, node_load_u32(room));
  TEST_ASSERT_EQUAL_HEX64(0x0102030405060708U, node_load_u64(room));
}

static bool reads(const char* text, uint64_t limit, uint64_t* number) {
  return node_read_decimal((const uint8_t*)text, strlen(text), limit, number);
}

static void a_decimal_is_read_whole_or_not_at_all(void) {
  uint64_t number = 0;
  TEST_ASSERT_TRUE(reads("604800000", 604800000, &number));
  TEST_ASSERT_EQUAL_UINT64(604800000, number);
  TEST_ASSERT_FALSE(reads("604800001", 604800000, &number));
  TEST_ASSERT_TRUE(reads("18446744073709551615", UINT64_MAX, &number));
  TEST_ASSERT_EQUAL_UINT64(UINT64_MAX, number);
  TEST_ASSERT_FALSE(reads("18446744073709551616", UINT64_MAX, &number));
  TEST_ASSERT_FALSE(reads("9", 5, &number));
  TEST_ASSERT_FALSE(reads("", 5, &number));
  TEST_ASSERT_FALSE(reads("1 ", 5, &number));
  TEST_ASSERT_FALSE(reads("-1", 5, &number));
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(thousandths_have_no_needless_zeros);
  RUN_TEST(a_number_has_all_its_digits);
  RUN_TEST(a_time_is_written_as_rfc3339);
  RUN_TEST(what_does_not_fit_leaves_the_writer_full);
  RUN_TEST(the_check_is_crc16_ccitt_false);
  RUN_TEST(numbers_in_memory_are_little_endian);
  RUN_TEST(a_decimal_is_read_whole_or_not_at_all);
  return UNITY_END();
}
