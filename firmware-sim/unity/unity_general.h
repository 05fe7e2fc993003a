// Unity's assertions about truth, pointers, texts, memory and bits, and those that say what becomes
// of a test. Included by unity.h, not by tests. Letters as in unity_integers.h; `c` is a condition.
#pragma once

// The test ends here.
#define TEST_FAIL() unity_fail(NULL, UNITY_AT)
#define TEST_FAIL_MESSAGE(m) unity_fail(m, UNITY_AT)
#define TEST_IGNORE() unity_ignore(NULL, UNITY_AT)
#define TEST_IGNORE_MESSAGE(m) unity_ignore(m, UNITY_AT)
#define TEST_PASS() unity_pass(NULL)
#define TEST_PASS_MESSAGE(m) unity_pass(m)
// A line in the log, and the test goes on.
#define TEST_MESSAGE(m) unity_say(m, UNITY_AT)

#define TEST_ASSERT(c) TEST_ASSERT_MESSAGE(c, NULL)
#define TEST_ASSERT_MESSAGE(c, m) unity_assert((c) ? 1 : 0, #c, m, UNITY_AT)
#define TEST_ASSERT_TRUE(c) TEST_ASSERT_TRUE_MESSAGE(c, NULL)
#define TEST_ASSERT_TRUE_MESSAGE(c, m) unity_assert((c) ? 1 : 0, #c, m, UNITY_AT)
#define TEST_ASSERT_FALSE(c) TEST_ASSERT_FALSE_MESSAGE(c, NULL)
#define TEST_ASSERT_FALSE_MESSAGE(c, m) unity_assert(!(c), "not " #c, m, UNITY_AT)
#define TEST_ASSERT_UNLESS(c) TEST_ASSERT_UNLESS_MESSAGE(c, NULL)
#define TEST_ASSERT_UNLESS_MESSAGE(c, m) unity_assert(!(c), "not " #c, m, UNITY_AT)
#define TEST_ASSERT_NULL(c) TEST_ASSERT_NULL_MESSAGE(c, NULL)
#define TEST_ASSERT_NULL_MESSAGE(c, m) unity_assert((c) == NULL, "NULL: " #c, m, UNITY_AT)
#define TEST_ASSERT_NOT_NULL(c) TEST_ASSERT_NOT_NULL_MESSAGE(c, NULL)
#define TEST_ASSERT_NOT_NULL_MESSAGE(c, m) unity_assert((c) != NULL, "not NULL: " #c, m, UNITY_AT)
#define TEST_ASSERT_EMPTY(c) TEST_ASSERT_EMPTY_MESSAGE(c, NULL)
#define TEST_ASSERT_EMPTY_MESSAGE(c, m) unity_assert(*(c) == 0, "empty: " #c, m, UNITY_AT)
#define TEST_ASSERT_NOT_EMPTY(c) TEST_ASSERT_NOT_EMPTY_MESSAGE(c, NULL)
#define TEST_ASSERT_NOT_EMPTY_MESSAGE(c, m) unity_assert(*(c) != 0, "not empty: " #c, m, UNITY_AT)

// Without a type: int, as in Unity.
#define TEST_ASSERT_EQUAL(e, a) TEST_ASSERT_EQUAL_INT(e, a)
#define TEST_ASSERT_EQUAL_MESSAGE(e, a, m) TEST_ASSERT_EQUAL_INT_MESSAGE(e, a, m)
#define TEST_ASSERT_NOT_EQUAL(e, a) TEST_ASSERT_NOT_EQUAL_INT(e, a)
#define TEST_ASSERT_NOT_EQUAL_MESSAGE(e, a, m) TEST_ASSERT_NOT_EQUAL_INT_MESSAGE(e, a, m)
#define TEST_ASSERT_GREATER_THAN(e, a) TEST_ASSERT_GREATER_THAN_INT(e, a)
#define TEST_ASSERT_GREATER_THAN_MESSAGE(e, a, m) TEST_ASSERT_GREATER_THAN_INT_MESSAGE(e, a, m)
#define TEST_ASSERT_LESS_THAN(e, a) TEST_ASSERT_LESS_THAN_INT(e, a)
#define TEST_ASSERT_LESS_THAN_MESSAGE(e, a, m) TEST_ASSERT_LESS_THAN_INT_MESSAGE(e, a, m)
#define TEST_ASSERT_GREATER_OR_EQUAL(e, a) TEST_ASSERT_GREATER_OR_EQUAL_INT(e, a)
#define TEST_ASSERT_GREATER_OR_EQUAL_MESSAGE(e, a, m) \
  TEST_ASSERT_GREATER_OR_EQUAL_INT_MESSAGE(e, a, m)
#define TEST_ASSERT_LESS_OR_EQUAL(e, a) TEST_ASSERT_LESS_OR_EQUAL_INT(e, a)
#define TEST_ASSERT_LESS_OR_EQUAL_MESSAGE(e, a, m) TEST_ASSERT_LESS_OR_EQUAL_INT_MESSAGE(e, a, m)

#define TEST_ASSERT_EQUAL_PTR(e, a) TEST_ASSERT_EQUAL_PTR_MESSAGE(e, a, NULL)
#define TEST_ASSERT_EQUAL_PTR_MESSAGE(e, a, m) unity_pointer(e, a, m, UNITY_AT)
// Two NULLs are equal; NULL and a text are not.
#define TEST_ASSERT_EQUAL_STRING(e, a) TEST_ASSERT_EQUAL_STRING_MESSAGE(e, a, NULL)
#define TEST_ASSERT_EQUAL_STRING_MESSAGE(e, a, m) unity_string(e, a, SIZE_MAX, m, UNITY_AT)
#define TEST_ASSERT_EQUAL_STRING_LEN(e, a, n) TEST_ASSERT_EQUAL_STRING_LEN_MESSAGE(e, a, n, NULL)
#define TEST_ASSERT_EQUAL_STRING_LEN_MESSAGE(e, a, n, m) \
  unity_string(e, a, (size_t)(n), m, UNITY_AT)
#define TEST_ASSERT_EQUAL_STRING_ARRAY(e, a, n) \
  TEST_ASSERT_EQUAL_STRING_ARRAY_MESSAGE(e, a, n, NULL)
#define TEST_ASSERT_EQUAL_STRING_ARRAY_MESSAGE(e, a, n, m) \
  unity_string_array(e, a, (size_t)(n), m, UNITY_AT)
// `s` bytes.
#define TEST_ASSERT_EQUAL_MEMORY(e, a, s) TEST_ASSERT_EQUAL_MEMORY_MESSAGE(e, a, s, NULL)
#define TEST_ASSERT_EQUAL_MEMORY_MESSAGE(e, a, s, m) unity_memory(e, a, (size_t)(s), 1, m, UNITY_AT)
#define TEST_ASSERT_EQUAL_MEMORY_ARRAY(e, a, s, n) \
  TEST_ASSERT_EQUAL_MEMORY_ARRAY_MESSAGE(e, a, s, n, NULL)
#define TEST_ASSERT_EQUAL_MEMORY_ARRAY_MESSAGE(e, a, s, n, m) \
  unity_memory(e, a, (size_t)(s), (size_t)(n), m, UNITY_AT)

// Of the actual value only the bits of the mask `k` count; `b` is the number of one bit.
#define TEST_ASSERT_BITS(k, e, a) TEST_ASSERT_BITS_MESSAGE(k, e, a, NULL)
#define TEST_ASSERT_BITS_MESSAGE(k, e, a, m) \
  unity_bits((uint64_t)(k), (uint64_t)(e), (uint64_t)(a), m, UNITY_AT)
#define TEST_ASSERT_BITS_HIGH(k, a) TEST_ASSERT_BITS_HIGH_MESSAGE(k, a, NULL)
#define TEST_ASSERT_BITS_HIGH_MESSAGE(k, a, m) TEST_ASSERT_BITS_MESSAGE(k, UINT64_MAX, a, m)
#define TEST_ASSERT_BITS_LOW(k, a) TEST_ASSERT_BITS_LOW_MESSAGE(k, a, NULL)
#define TEST_ASSERT_BITS_LOW_MESSAGE(k, a, m) TEST_ASSERT_BITS_MESSAGE(k, 0, a, m)
#define TEST_ASSERT_BIT_HIGH(b, a) TEST_ASSERT_BIT_HIGH_MESSAGE(b, a, NULL)
#define TEST_ASSERT_BIT_HIGH_MESSAGE(b, a, m) \
  TEST_ASSERT_BITS_MESSAGE((uint64_t)1 << (b), UINT64_MAX, a, m)
#define TEST_ASSERT_BIT_LOW(b, a) TEST_ASSERT_BIT_LOW_MESSAGE(b, a, NULL)
#define TEST_ASSERT_BIT_LOW_MESSAGE(b, a, m) TEST_ASSERT_BITS_MESSAGE((uint64_t)1 << (b), 0, a, m)
