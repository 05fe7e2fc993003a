// What Unity's assertions do: for each one a test that passes and one that fails. A program in
// which half of the tests fail on purpose; check_outcomes.py tells whether those did, on host and
// board.
#include <math.h>

#include "firmware-sim/unity/unity.h"

static int torn_down;

void setUp(void) { torn_down = 0; }
void tearDown(void) { torn_down = 1; }

#define OUTCOME(name, passing, failing)                      \
  static void passes_##name(void) { TEST_ASSERT_##passing; } \
  static void fails_##name(void) {                           \
    TEST_ASSERT_##failing;                                   \
    TEST_MESSAGE("unreachable: " #name);                     \
  }
#define RUN(name)          \
  RUN_TEST(passes_##name); \
  RUN_TEST(fails_##name)

// Numbers that only the right width and signedness tell apart: -1 is small if signed, else large.
#define INTEGER_OUTCOMES(T, type)                                                         \
  static const type T##_some[] = {1, 2, 3};                                               \
  static const type T##_near[] = {2, 2, 4};                                               \
  static const type T##_same[] = {7, 7, 7};                                               \
  OUTCOME(EQUAL_##T, EQUAL_##T(5, 5), EQUAL_##T(5, 6))                                    \
  OUTCOME(NOT_EQUAL_##T, NOT_EQUAL_##T(5, 6), NOT_EQUAL_##T(5, 5))                        \
  OUTCOME(GREATER_THAN_##T, GREATER_THAN_##T(5, 6), GREATER_THAN_##T(5, 5))               \
  OUTCOME(LESS_THAN_##T, LESS_THAN_##T(5, 4), LESS_THAN_##T(5, 5))                        \
  OUTCOME(GREATER_OR_EQUAL_##T, GREATER_OR_EQUAL_##T(5, 5), GREATER_OR_EQUAL_##T(5, 4))   \
  OUTCOME(LESS_OR_EQUAL_##T, LESS_OR_EQUAL_##T(5, 5), LESS_OR_EQUAL_##T(5, 6))            \
  OUTCOME(T##_WITHIN, T##_WITHIN(2, 5, 7), T##_WITHIN(2, 5, 8))                           \
  OUTCOME(EQUAL_##T##_ARRAY, EQUAL_##T##_ARRAY(T##_some, T##_near, 0),                    \
          EQUAL_##T##_ARRAY(T##_some, T##_near, 3))                                       \
  OUTCOME(EACH_EQUAL_##T, EACH_EQUAL_##T(7, T##_same, 3), EACH_EQUAL_##T(1, T##_some, 3)) \
  OUTCOME(T##_ARRAY_WITHIN, T##_ARRAY_WITHIN(1, T##_some, T##_near, 3),                   \
          T##_ARRAY_WITHIN(0, T##_some, T##_near, 3))                                     \
  OUTCOME(T##_message, EQUAL_##T##_MESSAGE(5, 5, "said"), EQUAL_##T##_MESSAGE(5, 6, "said"))
#define RUN_INTEGER(T)       \
  RUN(EQUAL_##T);            \
  RUN(NOT_EQUAL_##T);        \
  RUN(GREATER_THAN_##T);     \
  RUN(LESS_THAN_##T);        \
  RUN(GREATER_OR_EQUAL_##T); \
  RUN(LESS_OR_EQUAL_##T);    \
  RUN(T##_WITHIN);           \
  RUN(EQUAL_##T##_ARRAY);    \
  RUN(EACH_EQUAL_##T);       \
  RUN(T##_ARRAY_WITHIN);     \
  RUN(T##_message)

INTEGER_OUTCOMES(INT, int)
INTEGER_OUTCOMES(INT8, int8_t)
INTEGER_OUTCOMES(INT16, int16_t)
INTEGER_OUTCOMES(INT32, int32_t)
INTEGER_OUTCOMES(INT64, int64_t)
INTEGER_OUTCOMES(UINT, unsigned)
INTEGER_OUTCOMES(UINT8, uint8_t)
INTEGER_OUTCOMES(UINT16, uint16_t)
INTEGER_OUTCOMES(UINT32, uint32_t)
INTEGER_OUTCOMES(UINT64, uint64_t)
INTEGER_OUTCOMES(HEX, uint32_t)
INTEGER_OUTCOMES(HEX8, uint8_t)
INTEGER_OUTCOMES(HEX16, uint16_t)
INTEGER_OUTCOMES(HEX32, uint32_t)
INTEGER_OUTCOMES(HEX64, uint64_t)
INTEGER_OUTCOMES(CHAR, char)
INTEGER_OUTCOMES(size_t, size_t)

OUTCOME(width_8, EQUAL_UINT8(0x105, 5), EQUAL_UINT16(0x105, 5))
OUTCOME(width_16, EQUAL_INT16(-1, 0xFFFF), EQUAL_INT32(-1, 0xFFFF))
OUTCOME(width_32, EQUAL_HEX32(-1, 0xFFFFFFFFU), EQUAL_HEX64(-1, 0xFFFFFFFFU))
OUTCOME(width_64, EQUAL_UINT64(UINT64_MAX, UINT64_MAX), EQUAL_UINT64(UINT64_MAX, UINT64_MAX - 1))
OUTCOME(sign_less, LESS_THAN_INT32(0, -1), LESS_THAN_UINT32(0, -1))
OUTCOME(sign_greater, GREATER_THAN_UINT64(1, -1), GREATER_THAN_INT64(1, -1))
OUTCOME(sign_within, INT_WITHIN(2, -1, 1), UINT_WITHIN(2, -1, 1))

static const char word[] = "word";
static const char same_word[] = "word";
static const char* const words[] = {"a", "bc", NULL};
static const char* const other_words[] = {"a", "bd", NULL};

OUTCOME(ASSERT_TRUE, TRUE(1 < 2), TRUE(2 < 1))
OUTCOME(ASSERT_FALSE, FALSE(2 < 1), FALSE(1 < 2))
OUTCOME(ASSERT_UNLESS, UNLESS(2 < 1), UNLESS(1 < 2))
OUTCOME(ASSERT_NULL, NULL(NULL), NULL(word))
OUTCOME(ASSERT_NOT_NULL, NOT_NULL(word), NOT_NULL(words[2]))
OUTCOME(ASSERT_EMPTY, EMPTY(""), EMPTY(word))
OUTCOME(ASSERT_NOT_EMPTY, NOT_EMPTY(word), NOT_EMPTY(""))
OUTCOME(ASSERT_MESSAGE, MESSAGE(1, "said"), MESSAGE(0, "said"))
OUTCOME(EQUAL, EQUAL(5, 5), EQUAL(5, 6))
OUTCOME(NOT_EQUAL, NOT_EQUAL(5, 6), NOT_EQUAL(5, 5))
OUTCOME(GREATER_THAN, GREATER_THAN(5, 6), GREATER_THAN(5, 5))
OUTCOME(LESS_OR_EQUAL, LESS_OR_EQUAL(5, 5), LESS_OR_EQUAL(5, 6))
OUTCOME(EQUAL_PTR, EQUAL_PTR(word, word), EQUAL_PTR(word, word + 1))
OUTCOME(EQUAL_STRING, EQUAL_STRING(word, same_word), EQUAL_STRING(word, "words"))
OUTCOME(EQUAL_STRING_NULL, EQUAL_STRING(NULL, words[2]), EQUAL_STRING(NULL, word))
OUTCOME(EQUAL_STRING_LEN, EQUAL_STRING_LEN(word, "words", 4), EQUAL_STRING_LEN(word, "words", 5))
OUTCOME(EQUAL_STRING_ARRAY, EQUAL_STRING_ARRAY(words, words, 3),
        EQUAL_STRING_ARRAY(words, other_words, 3))
static const char* const same_words[] = {same_word, same_word};
OUTCOME(EQUAL_PTR_ARRAY, EQUAL_PTR_ARRAY(words, words, 3), EQUAL_PTR_ARRAY(words, other_words, 3))
OUTCOME(EACH_EQUAL_PTR, EACH_EQUAL_PTR(same_word, same_words, 2),
        EACH_EQUAL_PTR(word, same_words, 2))
OUTCOME(EACH_EQUAL_STRING, EACH_EQUAL_STRING(word, same_words, 2), EACH_EQUAL_STRING("a", words, 3))
OUTCOME(EACH_EQUAL_MEMORY, EACH_EQUAL_MEMORY("ab", "abab", 2, 2),
        EACH_EQUAL_MEMORY("ab", "abac", 2, 2))
OUTCOME(EQUAL_MEMORY, EQUAL_MEMORY(word, same_word, 5), EQUAL_MEMORY(word, "wort", 4))
OUTCOME(EQUAL_MEMORY_NULL, EQUAL_MEMORY(NULL, NULL, 4), EQUAL_MEMORY(word, NULL, 4))
OUTCOME(EQUAL_MEMORY_ARRAY, EQUAL_MEMORY_ARRAY("abcd", "abcd", 2, 2),
        EQUAL_MEMORY_ARRAY("abcd", "abce", 2, 2))
OUTCOME(EQUAL_ARRAY_NULL, EQUAL_INT_ARRAY(NULL, NULL, 3), EQUAL_INT_ARRAY(INT_some, NULL, 3))
OUTCOME(BITS, BITS(0xF0, 0xA5, 0xAF), BITS(0xF0, 0xA5, 0x5A))
OUTCOME(BITS_HIGH, BITS_HIGH(0x0F, 0x1F), BITS_HIGH(0x0F, 0x17))
OUTCOME(BITS_LOW, BITS_LOW(0x0F, 0xF0), BITS_LOW(0x0F, 0xF1))
OUTCOME(BIT_HIGH, BIT_HIGH(3, 8), BIT_HIGH(3, 7))
OUTCOME(BIT_LOW, BIT_LOW(3, 7), BIT_LOW(3, 8))

#define REAL_OUTCOMES(T, type, near)                                                            \
  static const type T##_some[] = {(type)1.5, (type)2.5};                                        \
  static const type T##_near[] = {(type)1.5, (type)(2.5 * (1 + near))};                         \
  static const type T##_far[] = {(type)1.5, (type)2.6};                                         \
  OUTCOME(T##_WITHIN, T##_WITHIN(0.5, 1.0, 1.25), T##_WITHIN(0.5, 1.0, 1.75))                   \
  OUTCOME(EQUAL_##T, EQUAL_##T(2.5, T##_near[1]), EQUAL_##T(2.5, T##_far[1]))                   \
  OUTCOME(EQUAL_##T##_ARRAY, EQUAL_##T##_ARRAY(T##_some, T##_near, 2),                          \
          EQUAL_##T##_ARRAY(T##_some, T##_far, 2))                                              \
  OUTCOME(GREATER_THAN_##T, GREATER_THAN_##T(1.0, 1.5), GREATER_THAN_##T(1.0, 1.0))             \
  OUTCOME(LESS_THAN_##T, LESS_THAN_##T(1.0, 0.5), LESS_THAN_##T(1.0, 1.0))                      \
  OUTCOME(GREATER_OR_EQUAL_##T, GREATER_OR_EQUAL_##T(1.0, 1.0), GREATER_OR_EQUAL_##T(1.0, 0.5)) \
  OUTCOME(LESS_OR_EQUAL_##T, LESS_OR_EQUAL_##T(1.0, 1.0), LESS_OR_EQUAL_##T(1.0, 1.5))          \
  OUTCOME(T##_IS_INF, T##_IS_INF(INFINITY), T##_IS_INF(-INFINITY))                              \
  OUTCOME(T##_IS_NEG_INF, T##_IS_NEG_INF(-INFINITY), T##_IS_NEG_INF(INFINITY))                  \
  OUTCOME(T##_IS_NAN, T##_IS_NAN(NAN), T##_IS_NAN(1.0))                                         \
  OUTCOME(T##_IS_DETERMINATE, T##_IS_DETERMINATE(1.0), T##_IS_DETERMINATE(NAN))                 \
  OUTCOME(T##_IS_NOT_NAN, T##_IS_NOT_NAN(1.0), T##_IS_NOT_NAN(NAN))                             \
  OUTCOME(T##_IS_NOT_INF, T##_IS_NOT_INF(1.0), T##_IS_NOT_INF(INFINITY))                        \
  OUTCOME(T##_NOT_WITHIN, T##_NOT_WITHIN(0.5, 1.0, 1.75), T##_NOT_WITHIN(0.5, 1.0, 1.25))       \
  OUTCOME(EACH_EQUAL_##T, EACH_EQUAL_##T(1.5, T##_near, 1), EACH_EQUAL_##T(1.5, T##_near, 2))   \
  OUTCOME(T##_nan_equals_nan, EQUAL_##T(NAN, NAN), EQUAL_##T(NAN, 1.0))
#define RUN_REAL(T)          \
  RUN(T##_WITHIN);           \
  RUN(EQUAL_##T);            \
  RUN(EQUAL_##T##_ARRAY);    \
  RUN(GREATER_THAN_##T);     \
  RUN(LESS_THAN_##T);        \
  RUN(GREATER_OR_EQUAL_##T); \
  RUN(LESS_OR_EQUAL_##T);    \
  RUN(T##_IS_INF);           \
  RUN(T##_IS_NEG_INF);       \
  RUN(T##_IS_NAN);           \
  RUN(T##_IS_DETERMINATE);   \
  RUN(T##_IS_NOT_NAN);       \
  RUN(T##_IS_NOT_INF);       \
  RUN(T##_NOT_WITHIN);       \
  RUN(EACH_EQUAL_##T);       \
  RUN(T##_nan_equals_nan)

REAL_OUTCOMES(FLOAT, float, 1e-6)
REAL_OUTCOMES(DOUBLE, double, 1e-13)

static void fails_with_FAIL(void) { TEST_FAIL(); }
static void fails_with_FAIL_MESSAGE(void) { TEST_FAIL_MESSAGE("said"); }
static void passes_with_PASS(void) {
  TEST_PASS();
  TEST_FAIL();
}
static void ignores_with_IGNORE(void) {
  TEST_IGNORE();
  TEST_FAIL();
}
static void ignores_with_IGNORE_MESSAGE(void) { TEST_IGNORE_MESSAGE("said"); }
static void passes_when_it_is_set_up_anew(void) { TEST_ASSERT_EQUAL_INT(0, torn_down); }
static void passes_with_a_line_in_the_log(void) { TEST_MESSAGE("a line in the log"); }

int main(void) {
  UNITY_BEGIN();
  RUN_INTEGER(INT);
  RUN_INTEGER(INT8);
  RUN_INTEGER(INT16);
  RUN_INTEGER(INT32);
  RUN_INTEGER(INT64);
  RUN_INTEGER(UINT);
  RUN_INTEGER(UINT8);
  RUN_INTEGER(UINT16);
  RUN_INTEGER(UINT32);
  RUN_INTEGER(UINT64);
  RUN_INTEGER(HEX);
  RUN_INTEGER(HEX8);
  RUN_INTEGER(HEX16);
  RUN_INTEGER(HEX32);
  RUN_INTEGER(HEX64);
  RUN_INTEGER(CHAR);
  RUN_INTEGER(size_t);
  RUN(width_8);
  RUN(width_16);
  RUN(width_32);
  RUN(width_64);
  RUN(sign_less);
  RUN(sign_greater);
  RUN(sign_within);
  RUN(ASSERT_TRUE);
  RUN(ASSERT_FALSE);
  RUN(ASSERT_UNLESS);
  RUN(ASSERT_NULL);
  RUN(ASSERT_NOT_NULL);
  RUN(ASSERT_EMPTY);
  RUN(ASSERT_NOT_EMPTY);
  RUN(ASSERT_MESSAGE);
  RUN(EQUAL);
  RUN(NOT_EQUAL);
  RUN(GREATER_THAN);
  RUN(LESS_OR_EQUAL);
  RUN(EQUAL_PTR);
  RUN(EQUAL_STRING);
  RUN(EQUAL_STRING_NULL);
  RUN(EQUAL_STRING_LEN);
  RUN(EQUAL_STRING_ARRAY);
  RUN(EQUAL_PTR_ARRAY);
  RUN(EACH_EQUAL_PTR);
  RUN(EACH_EQUAL_STRING);
  RUN(EACH_EQUAL_MEMORY);
  RUN(EQUAL_MEMORY);
  RUN(EQUAL_MEMORY_NULL);
  RUN(EQUAL_MEMORY_ARRAY);
  RUN(EQUAL_ARRAY_NULL);
  RUN(BITS);
  RUN(BITS_HIGH);
  RUN(BITS_LOW);
  RUN(BIT_HIGH);
  RUN(BIT_LOW);
  RUN_REAL(FLOAT);
  RUN_REAL(DOUBLE);
  RUN_TEST(fails_with_FAIL);
  RUN_TEST(fails_with_FAIL_MESSAGE);
  RUN_TEST(passes_with_PASS);
  RUN_TEST(ignores_with_IGNORE);
  RUN_TEST(ignores_with_IGNORE_MESSAGE);
  RUN_TEST(passes_when_it_is_set_up_anew);
  RUN_TEST(passes_with_a_line_in_the_log);
  return UNITY_END();
}
