// PacketReader: reads the fields of a packet's body, and remembers the first rule that was broken.
//
// After a violation every read gives zero or empty, so a decoder reads straight through and asks
// once at its end.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "drivers/mqtt/protocol.h"
#include "drivers/mqtt/text.h"

namespace sluice::mqtt {

class PacketReader {
 public:
  explicit PacketReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte() {
    if (rest_.empty()) return static_cast<std::uint8_t>(fail_short());
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint16_t two_bytes() {
    const unsigned high = byte();
    return static_cast<std::uint16_t>(high << 8 | byte());
  }
  std::uint32_t four_bytes() {
    const std::uint32_t high = two_bytes();
    return high << 16 | two_bytes();
  }

  // Variable byte integer (MQTT 5, 1.5.5): at most four bytes, and no longer than needed.
  std::uint32_t variable() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const std::uint8_t next = byte();
      value |= static_cast<std::uint32_t>(next & 0x7F) << shift;
      if ((next & 0x80) != 0) continue;
      if (next == 0 && shift != 0) break;
      return value;
    }
    return fail(Reason::malformed_packet, "a variable byte integer is not in its shortest form");
  }

  std::string_view bytes(std::size_t count) {
    if (count > rest_.size()) {
      fail_short();
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::string_view binary() { return bytes(two_bytes()); }
  std::string_view text() {
    const std::string_view value = binary();
    if (!is_text(value)) {
      fail(Reason::malformed_packet, "a text is not UTF-8, or has control characters");
      return {};
    }
    return value;
  }
  std::uint16_t packet_id() {
    const std::uint16_t id = two_bytes();
    if (id == 0) fail(Reason::protocol_error, "packet identifier 0");
    return id;
  }

  std::string_view rest() const { return rest_; }
  bool at_end() const { return rest_.empty(); }
  void expect_end() {
    if (!at_end()) fail(Reason::malformed_packet, "bytes after the packet's last field");
  }

  // Keeps the first violation only. Gives 0, for use in a return.
  std::uint32_t fail(Reason reason, std::string_view what, bool is_silent = false) {
    if (!violation_) violation_ = Violation{reason, what, is_silent};
    rest_ = {};
    return 0;
  }
  bool is_ok() const { return !violation_.has_value(); }
  const std::optional<Violation>& violation() const { return violation_; }

 private:
  std::uint32_t fail_short() {
    return fail(Reason::malformed_packet, "the packet is too short for its fields");
  }

  std::string_view rest_;
  std::optional<Violation> violation_;
};

}  // namespace sluice::mqtt
