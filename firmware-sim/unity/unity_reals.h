// Unity's assertions about float and double. Included by unity.h, not by tests. Two are equal when
// they differ by no more than 0.00001 (float) or 1e-12 (double) of the expected value; NaN equals
// NaN, as in Unity. Letters as in unity_integers.h.
#pragma once

#define TEST_ASSERT_FLOAT_WITHIN(d, e, a) TEST_ASSERT_FLOAT_WITHIN_MESSAGE(d, e, a, NULL)
#define TEST_ASSERT_FLOAT_WITHIN_MESSAGE(d, e, a, m) \
  unity_real_near((double)(float)(d), (double)(float)(e), (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_EQUAL_FLOAT(e, a) TEST_ASSERT_EQUAL_FLOAT_MESSAGE(e, a, NULL)
#define TEST_ASSERT_EQUAL_FLOAT_MESSAGE(e, a, m) \
  unity_real_equal(1e-5, (double)(float)(e), (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_NOT_WITHIN(d, e, a) TEST_ASSERT_FLOAT_NOT_WITHIN_MESSAGE(d, e, a, NULL)
#define TEST_ASSERT_FLOAT_NOT_WITHIN_MESSAGE(d, e, a, m) \
  unity_real_apart((double)(float)(d), (double)(float)(e), (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_EACH_EQUAL_FLOAT(e, a, n) TEST_ASSERT_EACH_EQUAL_FLOAT_MESSAGE(e, a, n, NULL)
#define TEST_ASSERT_EACH_EQUAL_FLOAT_MESSAGE(e, a, n, m) \
  unity_each_float((float)(e), a, (size_t)(n), m, UNITY_AT)
#define TEST_ASSERT_EQUAL_FLOAT_ARRAY(e, a, n) TEST_ASSERT_EQUAL_FLOAT_ARRAY_MESSAGE(e, a, n, NULL)
#define TEST_ASSERT_EQUAL_FLOAT_ARRAY_MESSAGE(e, a, n, m) \
  unity_float_array(e, a, (size_t)(n), m, UNITY_AT)
#define TEST_ASSERT_GREATER_THAN_FLOAT(e, a) TEST_ASSERT_GREATER_THAN_FLOAT_MESSAGE(e, a, NULL)
#define TEST_ASSERT_GREATER_THAN_FLOAT_MESSAGE(e, a, m) \
  unity_real_relate(unity_greater, (double)(float)(e), (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_LESS_THAN_FLOAT(e, a) TEST_ASSERT_LESS_THAN_FLOAT_MESSAGE(e, a, NULL)
#define TEST_ASSERT_LESS_THAN_FLOAT_MESSAGE(e, a, m) \
  unity_real_relate(unity_less, (double)(float)(e), (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_GREATER_OR_EQUAL_FLOAT(e, a) \
  TEST_ASSERT_GREATER_OR_EQUAL_FLOAT_MESSAGE(e, a, NULL)
#define TEST_ASSERT_GREATER_OR_EQUAL_FLOAT_MESSAGE(e, a, m) \
  unity_real_relate(unity_greater_or_equal, (double)(float)(e), (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_LESS_OR_EQUAL_FLOAT(e, a) TEST_ASSERT_LESS_OR_EQUAL_FLOAT_MESSAGE(e, a, NULL)
#define TEST_ASSERT_LESS_OR_EQUAL_FLOAT_MESSAGE(e, a, m) \
  unity_real_relate(unity_less_or_equal, (double)(float)(e), (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_IS_INF(a) TEST_ASSERT_FLOAT_IS_INF_MESSAGE(a, NULL)
#define TEST_ASSERT_FLOAT_IS_INF_MESSAGE(a, m) \
  unity_real_trait(unity_infinite, 1, (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_IS_NOT_INF(a) TEST_ASSERT_FLOAT_IS_NOT_INF_MESSAGE(a, NULL)
#define TEST_ASSERT_FLOAT_IS_NOT_INF_MESSAGE(a, m) \
  unity_real_trait(unity_infinite, 0, (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_IS_NEG_INF(a) TEST_ASSERT_FLOAT_IS_NEG_INF_MESSAGE(a, NULL)
#define TEST_ASSERT_FLOAT_IS_NEG_INF_MESSAGE(a, m) \
  unity_real_trait(unity_negative_infinite, 1, (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_IS_NOT_NEG_INF(a) TEST_ASSERT_FLOAT_IS_NOT_NEG_INF_MESSAGE(a, NULL)
#define TEST_ASSERT_FLOAT_IS_NOT_NEG_INF_MESSAGE(a, m) \
  unity_real_trait(unity_negative_infinite, 0, (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_IS_NAN(a) TEST_ASSERT_FLOAT_IS_NAN_MESSAGE(a, NULL)
#define TEST_ASSERT_FLOAT_IS_NAN_MESSAGE(a, m) \
  unity_real_trait(unity_not_a_number, 1, (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_IS_NOT_NAN(a) TEST_ASSERT_FLOAT_IS_NOT_NAN_MESSAGE(a, NULL)
#define TEST_ASSERT_FLOAT_IS_NOT_NAN_MESSAGE(a, m) \
  unity_real_trait(unity_not_a_number, 0, (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_IS_DETERMINATE(a) TEST_ASSERT_FLOAT_IS_DETERMINATE_MESSAGE(a, NULL)
#define TEST_ASSERT_FLOAT_IS_DETERMINATE_MESSAGE(a, m) \
  unity_real_trait(unity_determinate, 1, (double)(float)(a), m, UNITY_AT)
#define TEST_ASSERT_FLOAT_IS_NOT_DETERMINATE(a) \
  TEST_ASSERT_FLOAT_IS_NOT_DETERMINATE_MESSAGE(a, NULL)
#define TEST_ASSERT_FLOAT_IS_NOT_DETERMINATE_MESSAGE(a, m) \
  unity_real_trait(unity_determinate, 0, (double)(float)(a), m, UNITY_AT)

#define TEST_ASSERT_DOUBLE_WITHIN(d, e, a) TEST_ASSERT_DOUBLE_WITHIN_MESSAGE(d, e, a, NULL)
#define TEST_ASSERT_DOUBLE_WITHIN_MESSAGE(d, e, a, m) \
  unity_real_near((double)(double)(d), (double)(double)(e), (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_EQUAL_DOUBLE(e, a) TEST_ASSERT_EQUAL_DOUBLE_MESSAGE(e, a, NULL)
#define TEST_ASSERT_EQUAL_DOUBLE_MESSAGE(e, a, m) \
  unity_real_equal(1e-12, (double)(double)(e), (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_NOT_WITHIN(d, e, a) TEST_ASSERT_DOUBLE_NOT_WITHIN_MESSAGE(d, e, a, NULL)
#define TEST_ASSERT_DOUBLE_NOT_WITHIN_MESSAGE(d, e, a, m) \
  unity_real_apart((double)(double)(d), (double)(double)(e), (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_EACH_EQUAL_DOUBLE(e, a, n) TEST_ASSERT_EACH_EQUAL_DOUBLE_MESSAGE(e, a, n, NULL)
#define TEST_ASSERT_EACH_EQUAL_DOUBLE_MESSAGE(e, a, n, m) \
  unity_each_double((double)(e), a, (size_t)(n), m, UNITY_AT)
#define TEST_ASSERT_EQUAL_DOUBLE_ARRAY(e, a, n) \
  TEST_ASSERT_EQUAL_DOUBLE_ARRAY_MESSAGE(e, a, n, NULL)
#define TEST_ASSERT_EQUAL_DOUBLE_ARRAY_MESSAGE(e, a, n, m) \
  unity_double_array(e, a, (size_t)(n), m, UNITY_AT)
#define TEST_ASSERT_GREATER_THAN_DOUBLE(e, a) TEST_ASSERT_GREATER_THAN_DOUBLE_MESSAGE(e, a, NULL)
#define TEST_ASSERT_GREATER_THAN_DOUBLE_MESSAGE(e, a, m) \
  unity_real_relate(unity_greater, (double)(double)(e), (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_LESS_THAN_DOUBLE(e, a) TEST_ASSERT_LESS_THAN_DOUBLE_MESSAGE(e, a, NULL)
#define TEST_ASSERT_LESS_THAN_DOUBLE_MESSAGE(e, a, m) \
  unity_real_relate(unity_less, (double)(double)(e), (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_GREATER_OR_EQUAL_DOUBLE(e, a) \
  TEST_ASSERT_GREATER_OR_EQUAL_DOUBLE_MESSAGE(e, a, NULL)
#define TEST_ASSERT_GREATER_OR_EQUAL_DOUBLE_MESSAGE(e, a, m) \
  unity_real_relate(unity_greater_or_equal, (double)(double)(e), (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_LESS_OR_EQUAL_DOUBLE(e, a) TEST_ASSERT_LESS_OR_EQUAL_DOUBLE_MESSAGE(e, a, NULL)
#define TEST_ASSERT_LESS_OR_EQUAL_DOUBLE_MESSAGE(e, a, m) \
  unity_real_relate(unity_less_or_equal, (double)(double)(e), (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_IS_INF(a) TEST_ASSERT_DOUBLE_IS_INF_MESSAGE(a, NULL)
#define TEST_ASSERT_DOUBLE_IS_INF_MESSAGE(a, m) \
  unity_real_trait(unity_infinite, 1, (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_IS_NOT_INF(a) TEST_ASSERT_DOUBLE_IS_NOT_INF_MESSAGE(a, NULL)
#define TEST_ASSERT_DOUBLE_IS_NOT_INF_MESSAGE(a, m) \
  unity_real_trait(unity_infinite, 0, (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_IS_NEG_INF(a) TEST_ASSERT_DOUBLE_IS_NEG_INF_MESSAGE(a, NULL)
#define TEST_ASSERT_DOUBLE_IS_NEG_INF_MESSAGE(a, m) \
  unity_real_trait(unity_negative_infinite, 1, (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_IS_NOT_NEG_INF(a) TEST_ASSERT_DOUBLE_IS_NOT_NEG_INF_MESSAGE(a, NULL)
#define TEST_ASSERT_DOUBLE_IS_NOT_NEG_INF_MESSAGE(a, m) \
  unity_real_trait(unity_negative_infinite, 0, (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_IS_NAN(a) TEST_ASSERT_DOUBLE_IS_NAN_MESSAGE(a, NULL)
#define TEST_ASSERT_DOUBLE_IS_NAN_MESSAGE(a, m) \
  unity_real_trait(unity_not_a_number, 1, (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_IS_NOT_NAN(a) TEST_ASSERT_DOUBLE_IS_NOT_NAN_MESSAGE(a, NULL)
#define TEST_ASSERT_DOUBLE_IS_NOT_NAN_MESSAGE(a, m) \
  unity_real_trait(unity_not_a_number, 0, (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_IS_DETERMINATE(a) TEST_ASSERT_DOUBLE_IS_DETERMINATE_MESSAGE(a, NULL)
#define TEST_ASSERT_DOUBLE_IS_DETERMINATE_MESSAGE(a, m) \
  unity_real_trait(unity_determinate, 1, (double)(double)(a), m, UNITY_AT)
#define TEST_ASSERT_DOUBLE_IS_NOT_DETERMINATE(a) \
  TEST_ASSERT_DOUBLE_IS_NOT_DETERMINATE_MESSAGE(a, NULL)
#define TEST_ASSERT_DOUBLE_IS_NOT_DETERMINATE_MESSAGE(a, m) \
  unity_real_trait(unity_determinate, 0, (double)(double)(a), m, UNITY_AT)
