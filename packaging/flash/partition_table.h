// Where an image's FAT partition is: the one that every computer can read, for the files that tell
// a box who it is.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace sluice {

struct FatPartition {
  unsigned number = 0;  // counts from 1
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// So much of an image's beginning is looked at: the FAT partition must begin in it.
inline constexpr std::size_t image_head_bytes = std::size_t{16} << 20;

// The first partition of a GPT (UEFI 2.10 section 5.3) or an MBR whose boot sector is one of FAT.
//   bad_input  there is none
Result<FatPartition> find_fat_partition(std::string_view head);

}  // namespace sluice
