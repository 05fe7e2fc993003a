// Words for a failure, put together without printf: it runs on the board too.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Always ends with a NUL; what does not fit is left out.
typedef struct UnityText {
  char text[256];
  size_t size;
} UnityText;

void unity_text_clear(UnityText* text);
void unity_text_add(UnityText* text, const char* words);
void unity_text_add_char(UnityText* text, char c);
void unity_text_add_unsigned(UnityText* text, uint64_t number);
void unity_text_add_signed(UnityText* text, int64_t number);
// 0x and `digits` digits.
void unity_text_add_hex(UnityText* text, uint64_t number, unsigned digits);
// Up to seven significant digits: 21.5, 1.602177e-19, nan, -inf.
void unity_text_add_real(UnityText* text, double number);
// In quotes, or NULL; at most `limit` characters.
void unity_text_add_quoted(UnityText* text, const char* string, size_t limit);
