// A reset at each single byte that the ring writes, in the order in which it really writes them:
// the ring's source is compiled in here with its stores replaced by ones that look at the memory as
// a reset would leave it.
#include <string.h>

#define node_store_u16 spy_store_u16
#define node_store_u32 spy_store_u32
#define node_store_u64 spy_store_u64
#define memcpy spy_copy
static void* spy_copy(void* to, const void* from, size_t size);
#include "firmware-sim/node/ring.c"
#undef memcpy

#include "firmware-sim/unity/unity.h"

enum { places = 3, max_bytes = 256 };

static uint8_t memory[max_bytes];
static size_t bytes;
static NodeRing ring;
static bool was_kept;
static uint64_t clock_ms;

// What a reset may leave: the readings from `first` to `last` of either, by their sequence, without
// those that a test has damaged.
typedef struct Held {
  uint32_t first;
  uint32_t last;
  uint32_t dropped;
} Held;
static Held before;
static Held after;
static uint32_t damaged;  // a sequence; 0: none
static bool is_spying;
static unsigned resets;

static bool is_held(const NodeRing* other, const Held* held) {
  uint32_t index = 0;
  for (uint32_t sequence = held->first; sequence <= held->last; ++sequence) {
    if (sequence == damaged) continue;
    if (index >= other->count) return false;
    const NodeReading reading = node_ring_at(other, index++);
    if (reading.sequence != sequence || reading.values[0] != (int32_t)sequence * 7) return false;
  }
  return index == other->count && other->dropped == held->dropped;
}

static void reset_here(void) {
  if (!is_spying) return;
  is_spying = false;
  ++resets;
  uint8_t left[max_bytes];
  memcpy(left, memory, sizeof memory);
  NodeRing other;
  bool other_kept = false;
  uint64_t other_clock_ms = 0;
  TEST_ASSERT_TRUE(node_ring_open(&other, left, bytes, 1, &other_kept, &other_clock_ms));
  TEST_ASSERT_TRUE(other_kept);
  TEST_ASSERT_TRUE(is_held(&other, &before) || is_held(&other, &after));
  is_spying = true;
}

static void spy_store(uint8_t* to, uint64_t number, unsigned size) {
  for (unsigned i = 0; i < size; ++i) {
    to[i] = (uint8_t)(number >> (8 * i));
    reset_here();
  }
}
void spy_store_u16(uint8_t* to, uint16_t number) { spy_store(to, number, 2); }
void spy_store_u32(uint8_t* to, uint32_t number) { spy_store(to, number, 4); }
void spy_store_u64(uint8_t* to, uint64_t number) { spy_store(to, number, 8); }

static void* spy_copy(void* to, const void* from, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    ((uint8_t*)to)[i] = ((const uint8_t*)from)[i];
    reset_here();
  }
  return to;
}

static void spy_on(Held from, Held to) {
  before = from;
  after = to;
  is_spying = true;
}

static void push(void) {
  NodeReading reading = {.boot = 1, .values = {(int32_t)ring.next_sequence * 7}};
  node_ring_push(&ring, &reading);
  is_spying = false;
}

static void pop(uint32_t count) {
  node_ring_pop(&ring, count, 0);
  is_spying = false;
}

void setUp(void) {
  is_spying = false;
  resets = 0;
  damaged = 0;
  bytes = node_ring_bytes(places, 1);
  memset(memory, 0, sizeof memory);
  node_ring_open(&ring, memory, bytes, 1, &was_kept, &clock_ms);
}

static void at_a_push_there_is_the_reading_or_not(void) {
  for (uint32_t i = 1; i <= places; ++i) {
    spy_on((Held){1, i - 1, 0}, (Held){1, i, 0});
    push();
  }
  TEST_ASSERT_GREATER_THAN_UINT32(100, resets);
}

static void at_a_push_that_finds_no_room_it_is_counted_or_not(void) {
  for (uint32_t i = 1; i <= places; ++i) push();
  spy_on((Held){1, places, 0}, (Held){1, places, 1});
  push();
  TEST_ASSERT_GREATER_THAN_UINT32(30, resets);
}

static void at_a_pop_the_readings_are_there_or_not(void) {
  for (uint32_t i = 1; i <= places; ++i) push();
  spy_on((Held){1, places, 0}, (Held){3, places, 0});
  pop(2);
  TEST_ASSERT_GREATER_THAN_UINT32(30, resets);
}

// Places are used again: what was acknowledged before does not come back.
static void around_the_ring_nothing_comes_back(void) {
  uint32_t first = 1;
  for (uint32_t i = 1; i <= 4 * places; ++i) {
    spy_on((Held){first, i - 1, 0}, (Held){first, i, 0});
    push();
    if (i % 2 == 0) {
      spy_on((Held){first, i, 0}, (Held){first + 2, i, 0});
      pop(2);
      first += 2;
    }
  }
}

static void a_second_reset_while_damage_is_repaired_loses_no_more(void) {
  for (uint32_t i = 1; i <= places; ++i) push();
  damaged = 1;
  memory[node_ring_bytes(0, 1) + 8] ^= 1;
  spy_on((Held){1, places, 1}, (Held){1, places, 1});
  TEST_ASSERT_TRUE(node_ring_open(&ring, memory, bytes, 1, &was_kept, &clock_ms));
  is_spying = false;
  TEST_ASSERT_GREATER_THAN_UINT32(60, resets);
}

int main(void) {
  UNITY_BEGIN();
  RUN_TEST(at_a_push_there_is_the_reading_or_not);
  RUN_TEST(at_a_push_that_finds_no_room_it_is_counted_or_not);
  RUN_TEST(at_a_pop_the_readings_are_there_or_not);
  RUN_TEST(around_the_ring_nothing_comes_back);
  RUN_TEST(a_second_reset_while_damage_is_repaired_loses_no_more);
  return UNITY_END();
}
