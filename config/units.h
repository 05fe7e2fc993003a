// Sizes as configuration writes them: "256KiB". (Durations: core/clock.h.)
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

// A number of bytes that a person wrote or reads.
class ByteSize {
 public:
  constexpr ByteSize() = default;
  constexpr explicit ByteSize(std::uint64_t bytes) : bytes_(bytes) {}

  static constexpr ByteSize kib(std::uint64_t count) { return ByteSize(count << 10); }
  static constexpr ByteSize mib(std::uint64_t count) { return ByteSize(count << 20); }
  static constexpr ByteSize gib(std::uint64_t count) { return ByteSize(count << 30); }

  constexpr std::uint64_t bytes() const { return bytes_; }
  friend constexpr auto operator<=>(ByteSize, ByteSize) = default;

 private:
  std::uint64_t bytes_ = 0;
};

// "512B", "256KiB", "1GiB", "1.5MiB", also "10MB" (powers of ten: B kB KB MB GB TB, of two: KiB MiB
// GiB TiB). A fraction must give whole bytes. Errors: bad_input.
Result<ByteSize> parse_byte_size(std::string_view text);

// The shortest text with a whole number that parse_byte_size reads back: "256KiB", "1000B".
std::string format_byte_size(ByteSize size);

}  // namespace sluice
