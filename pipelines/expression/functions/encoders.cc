// CEL's encoders extension: base64 (RFC 4648, section 4).
#include <array>
#include <string>

#include "pipelines/expression/functions/parts.h"

namespace sluice::cel {
namespace encoders {
namespace {

Value encode(std::span<const Value> arguments, Context& context) {
  std::string text;
  append_base64(text, arguments[0].as_text());
  return context.string(text);
}

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// With or without the padding.
Value decode(std::span<const Value> arguments, Context& context) {
  std::string_view digits = arguments[0].as_text();
  const bool is_padded = digits.ends_with('=');
  if (is_padded && digits.size() % 4 != 0) return Value::error("the text is not base64");
  for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
  if (digits.size() % 4 == 1) return Value::error("the text is not base64");
  std::string bytes;
  unsigned group = 0;
  unsigned bits = 0;
  for (const char c : digits) {
    const int digit = digit_of(c);
    if (digit < 0) return Value::error("the text is not base64");
    group = (group << 6 | static_cast<unsigned>(digit)) & 0xFFFFU;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(group >> bits & 0xFFU));
  }
  return context.bytes(bytes);
}

constexpr std::array<Definition, 2> definitions{{
    {"base64.encode", "(bytes) -> string", encode, "base64.encode(b'hi') == 'aGk='"},
    {"base64.decode", "(string) -> bytes", decode, "base64.decode('aGk') == b'hi'"},
}};

}  // namespace
}  // namespace encoders

std::span<const Definition> encoder_functions() { return encoders::definitions; }

}  // namespace sluice::cel
