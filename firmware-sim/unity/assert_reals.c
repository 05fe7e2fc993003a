// Assertions about float and double.
#include "firmware-sim/unity/failure.h"
#include "firmware-sim/unity/unity.h"

static int is_nan(double x) { return x != x; }
static int is_infinite(double x) { return !is_nan(x) && is_nan(x - x); }
static double size_of(double x) { return x < 0 ? -x : x; }

static int is_near(double distance, double expected, double actual) {
  if (is_nan(expected) || is_nan(actual)) return is_nan(expected) && is_nan(actual);
  if (is_infinite(expected) || is_infinite(actual))
    return !(expected < actual || expected > actual);
  return size_of(expected - actual) <= size_of(distance);
}

static void fail(const char* relation, double expected, double actual, const char* message,
                 const char* file, int line) {
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Expected ");
  unity_text_add(&text, relation);
  unity_text_add_real(&text, expected);
  unity_text_add(&text, " Was ");
  unity_text_add_real(&text, actual);
  unity_fail_with(&text, message, file, line);
}

void unity_real_near(double distance, double expected, double actual, const char* message,
                     const char* file, int line) {
  if (is_near(distance, expected, actual)) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Expected ");
  unity_text_add_real(&text, expected);
  unity_text_add(&text, " +/- ");
  unity_text_add_real(&text, distance);
  unity_text_add(&text, " Was ");
  unity_text_add_real(&text, actual);
  unity_fail_with(&text, message, file, line);
}

void unity_real_apart(double distance, double expected, double actual, const char* message,
                      const char* file, int line) {
  if (!is_near(distance, expected, actual)) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Expected not ");
  unity_text_add_real(&text, expected);
  unity_text_add(&text, " +/- ");
  unity_text_add_real(&text, distance);
  unity_text_add(&text, " Was ");
  unity_text_add_real(&text, actual);
  unity_fail_with(&text, message, file, line);
}

void unity_real_equal(double precision, double expected, double actual, const char* message,
                      const char* file, int line) {
  if (is_near(precision * size_of(expected), expected, actual)) return;
  fail("", expected, actual, message, file, line);
}

void unity_real_relate(UnityRelation relation, double threshold, double actual, const char* message,
                       const char* file, int line) {
  switch (relation) {
    case unity_greater:
      if (actual > threshold) return;
      fail("to be greater than ", threshold, actual, message, file, line);
      break;
    case unity_less:
      if (actual < threshold) return;
      fail("to be less than ", threshold, actual, message, file, line);
      break;
    case unity_greater_or_equal:
      if (actual >= threshold) return;
      fail("to be greater than or equal to ", threshold, actual, message, file, line);
      break;
    default:
      if (actual <= threshold) return;
      fail("to be less than or equal to ", threshold, actual, message, file, line);
      break;
  }
}

void unity_real_trait(UnityTrait trait, int is_wanted, double actual, const char* message,
                      const char* file, int line) {
  static const char* const names[] = {"infinity", "negative infinity", "NaN", "a finite number"};
  int has = 0;
  switch (trait) {
    case unity_infinite:
      has = is_infinite(actual) && actual > 0;
      break;
    case unity_negative_infinite:
      has = is_infinite(actual) && actual < 0;
      break;
    case unity_not_a_number:
      has = is_nan(actual);
      break;
    case unity_determinate:
      has = !is_nan(actual) && !is_infinite(actual);
      break;
  }
  if (has == is_wanted) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, is_wanted ? "Expected " : "Expected not ");
  unity_text_add(&text, names[trait]);
  unity_text_add(&text, " Was ");
  unity_text_add_real(&text, actual);
  unity_fail_with(&text, message, file, line);
}

static void check_element(size_t index, double precision, double expected, double actual,
                          const char* message, const char* file, int line) {
  if (is_near(precision * size_of(expected), expected, actual)) return;
  UnityText text;
  unity_text_clear(&text);
  unity_text_add(&text, "Element ");
  unity_text_add_unsigned(&text, index);
  unity_text_add(&text, " Expected ");
  unity_text_add_real(&text, expected);
  unity_text_add(&text, " Was ");
  unity_text_add_real(&text, actual);
  unity_fail_with(&text, message, file, line);
}

void unity_float_array(const float* expected, const float* actual, size_t count,
                       const char* message, const char* file, int line) {
  for (size_t i = 0; i < count; ++i) {
    check_element(i, 1e-5, (double)expected[i], (double)actual[i], message, file, line);
  }
}

void unity_double_array(const double* expected, const double* actual, size_t count,
                        const char* message, const char* file, int line) {
  for (size_t i = 0; i < count; ++i) {
    check_element(i, 1e-12, expected[i], actual[i], message, file, line);
  }
}

void unity_each_float(float expected, const float* actual, size_t count, const char* message,
                      const char* file, int line) {
  for (size_t i = 0; i < count; ++i) {
    check_element(i, 1e-5, (double)expected, (double)actual[i], message, file, line);
  }
}

void unity_each_double(double expected, const double* actual, size_t count, const char* message,
                       const char* file, int line) {
  for (size_t i = 0; i < count; ++i) {
    check_element(i, 1e-12, expected, actual[i], message, file, line);
  }
}
