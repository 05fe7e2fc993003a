// First boot: from the files on the FAT partition to a box that knows who it is.
//
//   read and check all ---> write all below /etc ---> erase the files on the FAT partition
//        |                      (a power cut here: done again at the next start)
//        '--> sluice-error.txt on the FAT partition; nothing else is changed
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"

namespace sluice {

struct FirstbootOptions {
  std::filesystem::path boot = "/boot/efi";  // where the FAT partition is mounted
  std::filesystem::path root = "/";          // of the system that is set up
};

// Gives lines for the console: the id, the key's fingerprint, and what was taken.
//   bad_config  what is wrong with the files, with their lines
//   no_space    something could not be written
Result<std::string> firstboot(const FirstbootOptions& options);

}  // namespace sluice
