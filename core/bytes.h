// Bytes: how records are written. Little endian and varints (LEB128), the same on every machine.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/result.h"

namespace sluice {

template <typename T>
void put_fixed(std::string& out, T number) {
  static_assert(std::is_unsigned_v<T>);
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xFF));
  }
}

// For keys: numbers sort as bytes do.
template <typename T>
void put_big_endian(std::string& out, T number) {
  static_assert(std::is_unsigned_v<T>);
  for (std::size_t i = sizeof(T); i-- > 0;) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xFF));
  }
}

inline void put_varint(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}

inline std::uint64_t zigzag(std::int64_t number) {
  return static_cast<std::uint64_t>(number) << 1 ^ static_cast<std::uint64_t>(number >> 63);
}
inline std::int64_t unzigzag(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}
inline void put_signed(std::string& out, std::int64_t number) { put_varint(out, zigzag(number)); }

inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

// Reads what the functions above wrote. After the first read past the end every read gives zero or
// empty and is_ok() is false: check once, at the end of a record.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename T>
  T fixed() {
    return number<T>(false);
  }
  template <typename T>
  T big_endian() {
    return number<T>(true);
  }

  std::uint64_t varint() {
    std::uint64_t result = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      result |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return result;
    }
    fail();
    return 0;
  }
  std::int64_t signed_varint() { return unzigzag(varint()); }

  std::string_view text() { return bytes(varint()); }

  std::string_view bytes(std::uint64_t count) {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, static_cast<std::size_t>(count));
    rest_.remove_prefix(static_cast<std::size_t>(count));
    return taken;
  }

  // A count of items of which each takes at least one byte: never more than what is left.
  std::size_t count() {
    const std::uint64_t items = varint();
    if (items > rest_.size()) {
      fail();
      return 0;
    }
    return static_cast<std::size_t>(items);
  }

  std::string_view rest() const { return rest_; }
  void set_rest(std::string_view rest) { rest_ = rest; }
  bool is_ok() const { return is_ok_; }
  bool at_end() const { return rest_.empty(); }
  void fail() {
    is_ok_ = false;
    rest_ = {};
  }

 private:
  template <typename T>
  T number(bool is_big_endian) {
    if (rest_.size() < sizeof(T)) {
      fail();
      return 0;
    }
    std::uint64_t result = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      const std::size_t shift = 8 * (is_big_endian ? sizeof(T) - 1 - i : i);
      result |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << shift;
    }
    rest_.remove_prefix(sizeof(T));
    return static_cast<T>(result);
  }

  std::string_view rest_;
  bool is_ok_ = true;
};

}  // namespace sluice
