// Bmap: which parts of an image hold data, and their checksums. The format of bmap-tools, version
// 2.0: XML, ranges of blocks with a SHA-256 each.
//
//   image   |####|    |##########|        |##|
//   ranges   0-3       8-17                26-27        the rest is never written
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace sluice {

struct MappedRange {
  std::uint64_t offset = 0;  // in bytes; a multiple of 4096
  std::uint64_t bytes = 0;
  std::string sha256;  // hexadecimal, small letters; empty: not known yet
};

struct Bmap {
  std::uint64_t image_bytes = 0;
  std::vector<MappedRange> ranges;  // in order, disjoint, within the image

  std::uint64_t mapped_bytes() const;
};

// The file's own checksum, its counts and every range must fit each other.
//   bad_input  what is wrong, without the file's name
Result<Bmap> parse_bmap(std::string_view text);

}  // namespace sluice
