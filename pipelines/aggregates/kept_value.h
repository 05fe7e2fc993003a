// KeptValue: a Value that outlives its beat, within a bound. Its bytes are the store's form.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "core/arena.h"
#include "core/bytes.h"
#include "core/value.h"
#include "pipelines/aggregates/aggregate.h"

namespace sluice {

class KeptValue {
 public:
  KeptValue() = default;
  KeptValue(KeptValue&&) = default;
  KeptValue(const KeptValue&) = default;
  // A text that is assigned may keep the room of the one before; this does not.
  KeptValue& operator=(KeptValue other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }

  static constexpr std::size_t max_bytes = 1024;  // of the encoded value
  static constexpr std::string_view wanted = "a value of up to 1024 bytes";

  // Whether `value` is something an event can carry, and fits.
  static bool fits(const Value& value);

  bool is_empty() const { return bytes_.empty(); }
  void set(const Value& value) {
    std::string bytes;  // not the old one, whose room may be much too large
    encode(bytes, value);
    bytes_.swap(bytes);
  }
  // Null when empty. Its texts lie in `arena`.
  Value value(Arena& arena) const;

  void save(std::string& out) const { put_text(out, bytes_); }
  // Fails the reader when the bytes are no value.
  void load(ByteReader& in);
  std::size_t heap_bytes() const { return text_heap_bytes(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace sluice
