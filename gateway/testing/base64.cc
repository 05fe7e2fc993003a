#include "gateway/testing/base64.h"

#include <cstdint>

namespace sluice {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Error not_base64(const std::string& why) { return {ErrorKind::bad_input, "is not base64: " + why}; }

}  // namespace

Result<std::string> decode_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t group = 0;
  std::size_t characters = 0;  // padding included
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    const std::size_t digit = alphabet.find(c);
    if (c == '=') {
      ++padding;
    } else if (digit == std::string_view::npos) {
      return not_base64("it has a character that base64 does not know");
    } else if (padding > 0) {
      return not_base64("something stands behind the padding");
    }
    group = group << 6 | static_cast<std::uint32_t>(c == '=' ? 0 : digit);
    if (++characters % 4 != 0) continue;
    for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(group >> shift & 0xFF);
    group = 0;
  }
  if (characters % 4 != 0) return not_base64("its length with '=' must be a multiple of four");
  if (padding > 2) return not_base64("it has more than two '='");
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace sluice
