// Devices: which disks this machine has, what is on them, and which one may be overwritten.
//
// Everything is read from /sys/block, /proc/self/mountinfo and /proc/swaps, below a root that tests
// choose.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace sluice {

struct Machine {
  std::filesystem::path sys = "/sys";
  std::filesystem::path proc = "/proc";
};

struct BlockDevice {
  std::string name;   // "sdb"
  std::string model;  // "SanDisk Ultra"; empty: it does not say
  std::uint64_t bytes = 0;
  bool is_removable = false;  // a medium that can be taken out, a USB disk, or an SD card
  bool is_loop = false;       // a file that acts as a disk
  bool is_write_protected = false;
  std::vector<std::string> mounted_at;  // of it, its partitions and what is built on them
  bool is_swap = false;                 // or one of them is

  bool is_system_disk() const;
};

// The disks with a medium that are removable, by name.
std::vector<BlockDevice> removable_devices(const Machine& machine);

// What `path` names, when it may be overwritten with so many bytes: a removable or loop device that
// is not in use, or a plain file of this size ("the disk of a virtual machine").
//   bad_input  why it may not
Result<BlockDevice> choose_target(const Machine& machine, const std::string& path,
                                  std::uint64_t needed_bytes);

}  // namespace sluice
