// Unity-compatible unit tests in C: the macros of ThrowTheSwitch's Unity, our own code behind them.
// One source runs in two places, which know the same outcomes:
//
//   on the host   every RUN_TEST is a GoogleTest test (filters, sanitizers, ctest)   unity_gtest.cc
//   on the board  over semihosting, with Unity's lines and the exit code             unity_board.c
//
//   #include "firmware-sim/unity/unity.h"
//   void setUp(void) {}      // optional, as is tearDown
//   static void an_empty_ring_has_room(void) { TEST_ASSERT_EQUAL_UINT32(0, ring.count); }
//   int main(void) {
//     UNITY_BEGIN();
//     RUN_TEST(an_empty_ring_has_room);
//     return UNITY_END();
//   }
//
// An assertion that fails ends its test; tearDown still runs. Each assertion also exists with
// _MESSAGE at its end and a text as its last argument. README.md lists which of Unity's are here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void setUp(void);
void tearDown(void);

#define UNITY_BEGIN() unity_begin(__FILE__)
#define UNITY_END() unity_end()
#define RUN_TEST(test) unity_run(test, #test, __FILE__, __LINE__)

typedef void (*UnityTest)(void);
void unity_begin(const char* file);
// The number of failed tests; on the host, where they run afterwards, 0.
int unity_end(void);
void unity_run(UnityTest test, const char* name, const char* file, int line);

// --- behind the macros; UNITY_AT closes each list of arguments ---

typedef enum UnityStyle {
  unity_int,
  unity_int8,
  unity_int16,
  unity_int32,
  unity_int64,
  unity_uint,
  unity_uint8,
  unity_uint16,
  unity_uint32,
  unity_uint64,
  unity_hex8,
  unity_hex16,
  unity_hex32,
  unity_hex64,
  unity_char,
  unity_size,
  unity_ptr
} UnityStyle;
typedef enum UnityRelation {
  unity_equal,
  unity_not_equal,
  unity_greater,
  unity_less,
  unity_greater_or_equal,
  unity_less_or_equal
} UnityRelation;
typedef enum UnityTrait {
  unity_infinite,
  unity_negative_infinite,
  unity_not_a_number,
  unity_determinate
} UnityTrait;

void unity_fail(const char* message, const char* file, int line);
void unity_ignore(const char* message, const char* file, int line);
void unity_pass(const char* message);
void unity_say(const char* message, const char* file, int line);
void unity_assert(int is_true, const char* what, const char* message, const char* file, int line);
// Integers come as 64 bits and are cut to the style's width, as the type itself would.
void unity_relate(UnityRelation relation, UnityStyle style, int64_t expected, int64_t actual,
                  const char* message, const char* file, int line);
void unity_near(UnityStyle style, uint64_t distance, int64_t expected, int64_t actual,
                const char* message, const char* file, int line);
void unity_array(UnityStyle style, uint64_t distance, const void* expected, const void* actual,
                 size_t count, const char* message, const char* file, int line);
void unity_each(UnityStyle style, int64_t expected, const void* actual, size_t count,
                const char* message, const char* file, int line);
void unity_pointer(const void* expected, const void* actual, const char* message, const char* file,
                   int line);
void unity_string(const char* expected, const char* actual, size_t limit, const char* message,
                  const char* file, int line);
void unity_string_array(const char* const* expected, const char* const* actual, size_t count,
                        const char* message, const char* file, int line);
void unity_memory(const void* expected, const void* actual, size_t size, size_t count,
                  const char* message, const char* file, int line);
void unity_each_string(const char* expected, const char* const* actual, size_t count,
                       const char* message, const char* file, int line);
void unity_each_memory(const void* expected, const void* actual, size_t size, size_t count,
                       const char* message, const char* file, int line);
void unity_bits(uint64_t mask, uint64_t expected, uint64_t actual, const char* message,
                const char* file, int line);
void unity_real_near(double distance, double expected, double actual, const char* message,
                     const char* file, int line);
void unity_real_apart(double distance, double expected, double actual, const char* message,
                      const char* file, int line);
// `precision` is relative: Unity's own for float and double.
void unity_real_equal(double precision, double expected, double actual, const char* message,
                      const char* file, int line);
void unity_real_relate(UnityRelation relation, double threshold, double actual, const char* message,
                       const char* file, int line);
void unity_real_trait(UnityTrait trait, int is_wanted, double actual, const char* message,
                      const char* file, int line);
void unity_float_array(const float* expected, const float* actual, size_t count,
                       const char* message, const char* file, int line);
void unity_double_array(const double* expected, const double* actual, size_t count,
                        const char* message, const char* file, int line);

void unity_each_float(float expected, const float* actual, size_t count, const char* message,
                      const char* file, int line);
void unity_each_double(double expected, const double* actual, size_t count, const char* message,
                       const char* file, int line);

#ifdef __cplusplus
}
#endif

#define UNITY_AT __FILE__, __LINE__
#define UNITY_RELATE(relation, style, e, a, m) \
  unity_relate(unity_##relation, unity_##style, (int64_t)(e), (int64_t)(a), m, UNITY_AT)
#define UNITY_NEAR(style, d, e, a, m) \
  unity_near(unity_##style, (uint64_t)(d), (int64_t)(e), (int64_t)(a), m, UNITY_AT)
#define UNITY_ARRAY(style, e, a, n, m) unity_array(unity_##style, 0, e, a, (size_t)(n), m, UNITY_AT)
#define UNITY_ARRAY_NEAR(style, d, e, a, n, m) \
  unity_array(unity_##style, (uint64_t)(d), e, a, (size_t)(n), m, UNITY_AT)
#define UNITY_EACH(style, e, a, n, m) \
  unity_each(unity_##style, (int64_t)(e), a, (size_t)(n), m, UNITY_AT)

#include "firmware-sim/unity/unity_arrays.h"
#include "firmware-sim/unity/unity_general.h"
#include "firmware-sim/unity/unity_integers.h"
#include "firmware-sim/unity/unity_reals.h"
