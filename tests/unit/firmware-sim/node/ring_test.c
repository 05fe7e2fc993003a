#include "firmware-sim/node/ring.h"

#include <string.h>

#include "firmware-sim/unity/unity.h"

enum { places = 4, channels = 2, max_bytes = 256 };

static uint8_t memory[max_bytes];
static size_t bytes;
static NodeRing ring;
static bool was_kept;
static uint64_t clock_ms;

static bool open_ring(void) {
  return node_ring_open(&ring, memory, bytes, channels, &was_kept, &clock_ms);
}

void setUp(void) {
  bytes = node_ring_bytes(places, channels);
  memset(memory, 0xA5, sizeof memory);
  open_ring();
}

static bool push(int32_t value) {
  NodeReading reading = {.clock_ms = (uint64_t)value * 10, .boot = 3, .values = {value, -value}};
  return node_ring_push(&ring, &reading);
}

static void memory_that_was_never_a_ring_gives_an_empty_one(void) {
  TEST_ASSERT_FALSE(was_kept);
  TEST_ASSERT_EQUAL_UINT32(places, ring.capacity);
  TEST_ASSERT_EQUAL_UINT32(0, ring.count);
  TEST_ASSERT_EQUAL_UINT32(1, ring.next_sequence);
}

static void too_little_memory_is_refused(void) {
  bytes = node_ring_bytes(1, channels) - 1;
  TEST_ASSERT_FALSE(open_ring());
  bytes = node_ring_bytes(1, channels);
  TEST_ASSERT_TRUE(open_ring());
  TEST_ASSERT_EQUAL_UINT32(1, ring.capacity);
  TEST_ASSERT_FALSE(node_ring_open(&ring, memory, bytes, 0, &was_kept, &clock_ms));
  TEST_ASSERT_FALSE(
      node_ring_open(&ring, memory, bytes, node_max_channels + 1, &was_kept, &clock_ms));
}

static void readings_come_back_as_they_were_oldest_first(void) {
  for (int32_t i = 1; i <= 3; ++i) TEST_ASSERT_TRUE(push(i));
  for (uint32_t i = 0; i < 3; ++i) {
    const NodeReading reading = node_ring_at(&ring, i);
    TEST_ASSERT_EQUAL_UINT32(i + 1, reading.sequence);
    TEST_ASSERT_EQUAL_UINT32(3, reading.boot);
    TEST_ASSERT_EQUAL_UINT64((i + 1) * 10, reading.clock_ms);
    TEST_ASSERT_EQUAL_INT32((int32_t)(i + 1), reading.values[0]);
    TEST_ASSERT_EQUAL_INT32(-(int32_t)(i + 1), reading.values[1]);
  }
}

static void a_full_ring_counts_what_it_cannot_keep_and_overwrites_nothing(void) {
  for (int32_t i = 1; i <= places; ++i) push(i);
  TEST_ASSERT_FALSE(push(5));
  TEST_ASSERT_FALSE(push(6));
  TEST_ASSERT_EQUAL_UINT32(2, ring.dropped);
  TEST_ASSERT_EQUAL_UINT32(1, node_ring_at(&ring, 0).sequence);
  TEST_ASSERT_EQUAL_UINT32(places, node_ring_at(&ring, places - 1).sequence);
  node_ring_pop(&ring, 1, 0);
  TEST_ASSERT_TRUE(push(7));
  TEST_ASSERT_EQUAL_UINT32(7, node_ring_at(&ring, places - 1).sequence);
}

static void nothing_but_its_memory_is_written(void) {
  for (int32_t i = 1; i <= 9; ++i) {
    push(i);
    if (i > 2) node_ring_pop(&ring, 1, 0);
  }
  for (size_t i = bytes; i < sizeof memory; ++i) TEST_ASSERT_EQUAL_HEX8(0xA5, memory[i]);
}

static void a_reset_that_keeps_the_memory_keeps_the_readings(void) {
  for (int32_t i = 1; i <= 6; ++i) push(i);
  node_ring_pop(&ring, 2, 1234);
  TEST_ASSERT_TRUE(open_ring());
  TEST_ASSERT_TRUE(was_kept);
  TEST_ASSERT_EQUAL_UINT64(1234, clock_ms);
  TEST_ASSERT_EQUAL_UINT32(2, ring.count);
  TEST_ASSERT_EQUAL_UINT32(2, ring.dropped);
  TEST_ASSERT_EQUAL_UINT32(7, ring.next_sequence);
  TEST_ASSERT_EQUAL_UINT32(3, node_ring_at(&ring, 0).sequence);
}

static void a_ring_of_another_shape_is_none(void) {
  push(1);
  TEST_ASSERT_TRUE(node_ring_open(&ring, memory, bytes, channels - 1, &was_kept, &clock_ms));
  TEST_ASSERT_FALSE(was_kept);
  TEST_ASSERT_EQUAL_UINT32(0, ring.count);
}

// A reset in the middle of a write leaves some of its bytes new and some old: wherever the cut is,
// what was there before is still there, and the reading is there whole or not at all.
static void a_reset_in_the_middle_of_a_push_loses_nothing_before_it(void) {
  static uint8_t before[max_bytes];
  static uint8_t after[max_bytes];
  for (int32_t i = 1; i <= 2; ++i) push(i);
  memcpy(before, memory, sizeof memory);
  push(3);
  memcpy(after, memory, sizeof memory);
  const size_t record = 2 * (size_t)node_ring_head_bytes;
  // Records are written before heads.
  for (size_t cut = 0; cut <= bytes; ++cut) {
    memcpy(memory, before, sizeof memory);
    const size_t of_records = cut < bytes - record ? cut : bytes - record;
    memcpy(memory + record, after + record, of_records);
    memcpy(memory, after, cut - of_records);
    TEST_ASSERT_TRUE(open_ring());
    TEST_ASSERT_TRUE(was_kept);
    TEST_ASSERT_EQUAL_UINT32(0, ring.dropped);
    TEST_ASSERT_UINT32_WITHIN(1, 2, ring.count);
    TEST_ASSERT_GREATER_OR_EQUAL_UINT32(2, ring.count);
    for (uint32_t i = 0; i < ring.count; ++i) {
      TEST_ASSERT_EQUAL_INT32((int32_t)(i + 1), node_ring_at(&ring, i).values[0]);
    }
  }
  TEST_ASSERT_EQUAL_UINT32(3, ring.count);
}

static void a_damaged_record_is_dropped_and_counted(void) {
  for (int32_t i = 1; i <= 4; ++i) push(i);
  memory[node_ring_bytes(1, channels) + 9] ^= 0x10;  // in the second
  TEST_ASSERT_TRUE(open_ring());
  TEST_ASSERT_EQUAL_UINT32(3, ring.count);
  TEST_ASSERT_EQUAL_UINT32(1, ring.dropped);
  TEST_ASSERT_EQUAL_UINT32(1, node_ring_at(&ring, 0).sequence);
  TEST_ASSERT_EQUAL_UINT32(3, node_ring_at(&ring, 1).sequence);
  TEST_ASSERT_EQUAL_UINT32(4, node_ring_at(&ring, 2).sequence);
  // And it is dropped once.
  TEST_ASSERT_TRUE(open_ring());
  TEST_ASSERT_EQUAL_UINT32(1, ring.dropped);
}

static void a_damaged_head_leaves_the_one_before(void) {
  push(1);
  push(2);
  const size_t newest = (ring.generation & 1) * (size_t)node_ring_head_bytes;
  memory[newest + 16] ^= 1;
  TEST_ASSERT_TRUE(open_ring());
  TEST_ASSERT_TRUE(was_kept);
  TEST_ASSERT_EQUAL_UINT32(1, ring.count);
}

static void a_dropped_reading_frees_its_place_and_is_counted(void) {
  push(1);
  push(2);
  node_ring_drop(&ring, 50);
  TEST_ASSERT_EQUAL_UINT32(1, ring.dropped);
  TEST_ASSERT_EQUAL_UINT32(2, node_ring_at(&ring, 0).sequence);
  node_ring_drop(&ring, 50);
  node_ring_drop(&ring, 50);
  TEST_ASSERT_EQUAL_UINT32(2, ring.dropped);
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(memory_that_was_never_a_ring_gives_an_empty_one);
  RUN_TEST(too_little_memory_is_refused);
  RUN_TEST(readings_come_back_as_they_were_oldest_first);
  RUN_TEST(a_full_ring_counts_what_it_cannot_keep_and_overwrites_nothing);
  RUN_TEST(nothing_but_its_memory_is_written);
  RUN_TEST(a_reset_that_keeps_the_memory_keeps_the_readings);
  RUN_TEST(a_ring_of_another_shape_is_none);
  RUN_TEST(a_reset_in_the_middle_of_a_push_loses_nothing_before_it);
  RUN_TEST(a_damaged_record_is_dropped_and_counted);
  RUN_TEST(a_damaged_head_leaves_the_one_before);
  RUN_TEST(a_dropped_reading_frees_its_place_and_is_counted);
  return UNITY_END();
}
