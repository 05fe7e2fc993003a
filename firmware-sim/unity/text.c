#include "firmware-sim/unity/text.h"

void unity_text_clear(UnityText* text) {
  text->size = 0;
  text->text[0] = '\0';
}

void unity_text_add_char(UnityText* text, char c) {
  if (text->size + 1 >= sizeof text->text) return;
  text->text[text->size++] = c;
  text->text[text->size] = '\0';
}

void unity_text_add(UnityText* text, const char* words) {
  for (; *words != '\0'; ++words) unity_text_add_char(text, *words);
}

void unity_text_add_unsigned(UnityText* text, uint64_t number) {
  char digits[21];
  size_t at = sizeof digits - 1;
  digits[at] = '\0';
  do {
    digits[--at] = (char)('0' + (int)(number % 10));
    number /= 10;
  } while (number != 0);
  unity_text_add(text, digits + at);
}

void unity_text_add_signed(UnityText* text, int64_t number) {
  if (number < 0) unity_text_add_char(text, '-');
  unity_text_add_unsigned(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void unity_text_add_hex(UnityText* text, uint64_t number, unsigned digits) {
  unity_text_add(text, "0x");
  while (digits-- > 0) unity_text_add_char(text, "0123456789ABCDEF"[number >> (4 * digits) & 15]);
}

// The digits of a number below 10^7, with a point after the first `whole`.
static void add_digits(UnityText* text, uint32_t digits, int whole) {
  char shown[8];
  int last = 6;
  for (int i = 6; i >= 0; --i, digits /= 10) shown[i] = (char)('0' + (int)(digits % 10));
  while (last >= whole && shown[last] == '0') --last;
  for (int i = 0; i <= last; ++i) {
    if (i == whole) unity_text_add_char(text, '.');
    unity_text_add_char(text, shown[i]);
  }
}

void unity_text_add_real(UnityText* text, double number) {
  if (number != number) {
    unity_text_add(text, "nan");
    return;
  }
  if (number < 0) {
    unity_text_add_char(text, '-');
    number = -number;
  }
  if (number > 1.7976931348623157e308) {
    unity_text_add(text, "inf");
    return;
  }
  if (number <= 0) {
    unity_text_add_char(text, '0');
    return;
  }
  // To seven digits before the point: number = digits * 10^(exponent - 6).
  int exponent = 6;
  for (; number >= 1e7; ++exponent) number /= 10;
  for (; number < 1e6; --exponent) number *= 10;
  uint32_t digits = (uint32_t)(number + 0.5);
  if (digits == 10000000) {
    digits = 1000000;
    ++exponent;
  }
  if (exponent >= 0 && exponent <= 6) {
    add_digits(text, digits, exponent + 1);
    return;
  }
  if (exponent < 0 && exponent >= -4) {
    unity_text_add(text, "0.");
    for (int i = -1; i > exponent; --i) unity_text_add_char(text, '0');
    add_digits(text, digits, 7);
    // Its last zeros say nothing.
    while (text->text[text->size - 1] == '0') text->text[--text->size] = '\0';
    return;
  }
  add_digits(text, digits, 1);
  unity_text_add_char(text, 'e');
  unity_text_add_signed(text, exponent);
}

void unity_text_add_quoted(UnityText* text, const char* string, size_t limit) {
  if (string == NULL) {
    unity_text_add(text, "NULL");
    return;
  }
  unity_text_add_char(text, '"');
  for (size_t i = 0; i < limit && string[i] != '\0'; ++i) unity_text_add_char(text, string[i]);
  unity_text_add_char(text, '"');
}
