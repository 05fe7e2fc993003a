// Assertions about integers and arrays of them.
#include <string.h>

#include "firmware-sim/unity/failure.h"
#include "firmware-sim/unity/unity.h"

static unsigned width_of(UnityStyle style) {
  switch (style) {
    case unity_int8:
    case unity_uint8:
    case unity_hex8:
    case unity_char:
      return 1;
    case unity_int16:
    case unity_uint16:
    case unity_hex16:
      return 2;
    case unity_int64:
    case unity_uint64:
    case unity_hex64:
      return 8;
    case unity_int:
    case unity_uint:
      return sizeof(int);
    case unity_size:
      return sizeof(size_t);
    case unity_ptr:
      return sizeof(void*);
    default:
      return 4;
  }
}

static int is_signed(UnityStyle style) { return style <= unity_int64 || style == unity_char; }
static int is_hex(UnityStyle style) {
  return (style >= unity_hex8 && style <= unity_hex64) || style == unity_ptr;
}

// What the type would hold.
static int64_t cut(UnityStyle style, int64_t number) {
  const unsigned bits = 8 * width_of(style);
  if (bits == 64) return number;
  const uint64_t mask = ((uint64_t)1 << bits) - 1;
  const uint64_t low = (uint64_t)number & mask;
  const int is_negative = is_signed(style) && (low >> (bits - 1)) != 0;
  return (int64_t)(is_negative ? low | ~mask : low);
}

static int64_t element(UnityStyle style, const void* array, size_t index) {
  const unsigned width = width_of(style);
  const unsigned char* const at = (const unsigned char*)array + index * width;
  uint8_t one = 0;
  uint16_t two = 0;
  uint32_t four = 0;
  int64_t eight = 0;
  switch (width) {
    case 1:
      memcpy(&one, at, 1);
      return cut(style, one);
    case 2:
      memcpy(&two, at, 2);
      return cut(style, two);
    case 4:
      memcpy(&four, at, 4);
      return cut(style, four);
    default:
      memcpy(&eight, at, 8);
      return eight;
  }
}

static void add_number(UnityText* text, UnityStyle style, int64_t number) {
  if (is_hex(style)) {
    unity_text_add_hex(text, (uint64_t)number, 2 * width_of(style));
  } else if (style == unity_char && number >= ' ' && number <= '~') {
    unity_text_add_char(text, '\'');
    unity_text_add_char(text, (char)number);
    unity_text_add_char(text, '\'');
  } else if (is_signed(style)) {
    unity_text_add_signed(text, number);
  } else {
    unity_text_add_unsigned(text, (uint64_t)number);
  }
}

static int is_less(UnityStyle style, int64_t a, int64_t b) {
  return is_signed(style) ? a < b : (uint64_t)a < (uint64_t)b;
}

static uint64_t distance_of(UnityStyle style, int64_t a, int64_t b) {
  return is_less(style, a, b) ? (uint64_t)b - (uint64_t)a : (uint64_t)a - (uint64_t)b;
}

static int holds(UnityRelation relation, UnityStyle style, int64_t expected, int64_t actual) {
  switch (relation) {
    case unity_equal:
      return expected == actual;
    case unity_not_equal:
      return expected != actual;
    case unity_greater:
      return is_less(style, expected, actual);
    case unity_less:
      return is_less(style, actual, expected);
    case unity_greater_or_equal:
      return !is_less(style, actual, expected);
    case unity_less_or_equal:
      return !is_less(style, expected, actual);
  }
  return 0;
}

static const char* words_of(UnityRelation relation) {
  static const char* const words[] = {"",
                                      "to differ from ",
                                      "to be greater than ",
                                      "to be less than ",
                                      "to be greater than or equal to ",
                                      "to be less than or equal to "};
  return words[relation];
}

void unity_relate(UnityRelation relation, UnityStyle style, int64_t expected, int64_t actual,
                  const char* message, const char* file, int line) {
  expected = cut(style, expected);
  actual = cut(style, actual);
  if (holds(relation, style, expected, actual)) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Expected ");
  unity_text_add(&text, words_of(relation));
  add_number(&text, style, expected);
  unity_text_add(&text, " Was ");
  add_number(&text, style, actual);
  unity_fail_with(&text, message, file, line);
}

static void start_element(UnityText* text, size_t index) {
  unity_text_clear(text);
  unity_text_add(text, "Element ");
  unity_text_add_unsigned(text, index);
  unity_text_add_char(text, ' ');
}

static void add_near(UnityText* text, UnityStyle style, uint64_t distance, int64_t expected,
                     int64_t actual) {
  unity_text_add(text, "Expected ");
  add_number(text, style, expected);
  if (distance > 0) {
    unity_text_add(text, " +/- ");
    unity_text_add_unsigned(text, distance);
  }
  unity_text_add(text, " Was ");
  add_number(text, style, actual);
}

void unity_near(UnityStyle style, uint64_t distance, int64_t expected, int64_t actual,
                const char* message, const char* file, int line) {
  expected = cut(style, expected);
  actual = cut(style, actual);
  if (distance_of(style, expected, actual) <= distance) return;
  UnityText text;
  unity_text_clear(&text);
  add_near(&text, style, distance, expected, actual);
  unity_fail_with(&text, message, file, line);
}

// The same array, or two NULLs: nothing to compare. One NULL: a failure.
static int is_settled(const void* expected, const void* actual, const char* message,
                      const char* file, int line) {
  if (expected == actual) return 1;
  if (expected != NULL && actual != NULL) return 0;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text,
                 expected == NULL ? "Expected pointer to be NULL" : "Actual pointer was NULL");
  unity_fail_with(&text, message, file, line);
  return 1;
}

void unity_array(UnityStyle style, uint64_t distance, const void* expected, const void* actual,
                 size_t count, const char* message, const char* file, int line) {
  if (is_settled(expected, actual, message, file, line)) return;
  for (size_t i = 0; i < count; ++i) {
    const int64_t e = element(style, expected, i);
    const int64_t a = element(style, actual, i);
    if (distance_of(style, e, a) <= distance) continue;
    UnityText text;
    start_element(&text, i);
    add_near(&text, style, distance, e, a);
    unity_fail_with(&text, message, file, line);
  }
}

void unity_each(UnityStyle style, int64_t expected, const void* actual, size_t count,
                const char* message, const char* file, int line) {
  if (count > 0 && actual == NULL) {
    is_settled(&expected, actual, message, file, line);
  }
  for (size_t i = 0; i < count; ++i) {
    const int64_t a = element(style, actual, i);
    if (cut(style, expected) == a) continue;
    UnityText text;
    start_element(&text, i);
    add_near(&text, style, 0, cut(style, expected), a);
    unity_fail_with(&text, message, file, line);
  }
}
