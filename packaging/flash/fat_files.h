// Files on a FAT partition of a disk or an image, without mounting it: by mtools' mcopy.
#pragma once

#include <string>

#include "core/result.h"
#include "packaging/flash/partition_table.h"

namespace sluice {

struct FatFile {
  std::string name;
  std::string text;
};

// Whether mcopy is there.
//   bad_config  the line that installs it
Result<void> check_fat_tools();

// Puts it into the partition's root, in place of one of that name.
//   corrupt  mcopy's own words
Result<void> put_fat_file(const std::string& disk, const FatPartition& partition,
                          const FatFile& file);
Result<std::string> get_fat_file(const std::string& disk, const FatPartition& partition,
                                 const std::string& name);

}  // namespace sluice
