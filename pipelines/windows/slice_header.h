// SliceHeader: what every slice of a window's saved state begins with.
//
//   [ format version | 1 if it is the first slice: then a text, the step's header ] records ...
//
// The header is as it was when the snapshot began, however much later the slice is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/bytes.h"
#include "core/result.h"

namespace sluice {

class SliceHeader {
 public:
  // A snapshot begins; `header` is what its first slice brings.
  void begin(std::string header) { header_ = std::move(header); }

  // At the start of each slice.
  void put(std::string& out) {
    put_fixed<std::uint8_t>(out, format_version);
    put_fixed<std::uint8_t>(out, header_ ? 1 : 0);
    if (header_) put_text(out, *header_);
    header_.reset();
  }

  // What put() wrote, and where the records begin. The header is nothing in all slices but the
  // first.
  struct Taken {
    std::optional<std::string_view> header;
    std::string_view records;
  };
  //   corrupt  another format, or no slice
  static Result<Taken> take(std::string_view slice) {
    ByteReader in(slice);
    Taken taken;
    if (in.fixed<std::uint8_t>() != format_version) return damaged();
    if (in.fixed<std::uint8_t>() != 0) taken.header = in.text();
    if (!in.is_ok()) return damaged();
    taken.records = in.rest();
    return taken;
  }

  static Error damaged() {
    return Error{ErrorKind::corrupt, "the saved state of a window cannot be read"};
  }

 private:
  static constexpr std::uint8_t format_version = 3;

  std::optional<std::string> header_;  // until the first slice is written
};

}  // namespace sluice
