// Assertions about truth, pointers, texts, memory and bits.
#include <string.h>

#include "firmware-sim/unity/failure.h"
#include "firmware-sim/unity/unity.h"

void unity_assert(int is_true, const char* what, const char* message, const char* file, int line) {
  if (is_true) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Expected ");
  unity_text_add(&text, what);
  unity_fail_with(&text, message, file, line);
}

void unity_pointer(const void* expected, const void* actual, const char* message, const char* file,
                   int line) {
  if (expected == actual) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Expected ");
  unity_text_add_hex(&text, (uint64_t)(uintptr_t)expected, 2 * sizeof expected);
  unity_text_add(&text, " Was ");
  unity_text_add_hex(&text, (uint64_t)(uintptr_t)actual, 2 * sizeof actual);
  unity_fail_with(&text, message, file, line);
}

static int is_same_string(const char* expected, const char* actual, size_t limit) {
  if (expected == NULL || actual == NULL) return expected == actual;
  return limit == SIZE_MAX ? strcmp(expected, actual) == 0 : strncmp(expected, actual, limit) == 0;
}

static void add_strings(UnityText* text, const char* expected, const char* actual, size_t limit) {
  unity_text_add(text, "Expected ");
  unity_text_add_quoted(text, expected, limit);
  unity_text_add(text, " Was ");
  unity_text_add_quoted(text, actual, limit);
}

void unity_string(const char* expected, const char* actual, size_t limit, const char* message,
                  const char* file, int line) {
  if (is_same_string(expected, actual, limit)) return;
  UnityText text;
  unity_text_clear(&text);
  add_strings(&text, expected, actual, limit);
  unity_fail_with(&text, message, file, line);
}

static void check_string(size_t index, const char* expected, const char* actual,
                         const char* message, const char* file, int line) {
  if (is_same_string(expected, actual, SIZE_MAX)) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Element ");
  unity_text_add_unsigned(&text, index);
  unity_text_add_char(&text, ' ');
  add_strings(&text, expected, actual, SIZE_MAX);
  unity_fail_with(&text, message, file, line);
}

void unity_string_array(const char* const* expected, const char* const* actual, size_t count,
                        const char* message, const char* file, int line) {
  for (size_t i = 0; i < count; ++i) check_string(i, expected[i], actual[i], message, file, line);
}

void unity_each_string(const char* expected, const char* const* actual, size_t count,
                       const char* message, const char* file, int line) {
  for (size_t i = 0; i < count; ++i) check_string(i, expected, actual[i], message, file, line);
}

void unity_memory(const void* expected, const void* actual, size_t size, size_t count,
                  const char* message, const char* file, int line) {
  const unsigned char* const e = (const unsigned char*)expected;
  const unsigned char* const a = (const unsigned char*)actual;
  if (e == a) return;
  UnityText text;
  unity_text_clear(&text);
  if (e == NULL || a == NULL) {
    unity_text_add(&text, e == NULL ? "Expected pointer to be NULL" : "Actual pointer was NULL");
    unity_fail_with(&text, message, file, line);
    return;
  }
  for (size_t i = 0; i < size * count; ++i) {
    if (e[i] == a[i]) continue;
    if (count > 1) {
      unity_text_add(&text, "Element ");
      unity_text_add_unsigned(&text, i / size);
      unity_text_add_char(&text, ' ');
    }
    unity_text_add(&text, "Byte ");
    unity_text_add_unsigned(&text, i % size);
    unity_text_add(&text, " Expected ");
    unity_text_add_hex(&text, e[i], 2);
    unity_text_add(&text, " Was ");
    unity_text_add_hex(&text, a[i], 2);
    unity_fail_with(&text, message, file, line);
  }
}

void unity_each_memory(const void* expected, const void* actual, size_t size, size_t count,
                       const char* message, const char* file, int line) {
  for (size_t i = 0; i < count; ++i) {
    unity_memory(expected, (const unsigned char*)actual + i * size, size, 1, message, file, line);
  }
}

void unity_bits(uint64_t mask, uint64_t expected, uint64_t actual, const char* message,
                const char* file, int line) {
  if ((mask & expected) == (mask & actual)) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Expected ");
  unity_text_add_hex(&text, mask & expected, 16);
  unity_text_add(&text, " Was ");
  unity_text_add_hex(&text, mask & actual, 16);
  unity_text_add(&text, " In ");
  unity_text_add_hex(&text, mask, 16);
  unity_fail_with(&text, message, file, line);
}
