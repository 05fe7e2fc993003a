// Disk: what is written to and read back. The kernel's block device or a plain file (PosixDisk);
// tests put one with faults in its place.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"

namespace sluice {

class Disk {
 public:
  virtual ~Disk() = default;

  // All of `bytes`, at this offset. Errors name the disk and the place.
  virtual Result<void> write(std::uint64_t offset, std::span<const char> bytes) = 0;
  // Everything written is on the medium, and is read from there, not from the page cache.
  virtual Result<void> sync() = 0;
  // Fills `into`. `offset` is a multiple of 4096.
  virtual Result<void> read(std::uint64_t offset, std::span<char> into) = 0;
};

// Opens a block device for ourselves alone (mounted ones cannot be had that way), or a plain file.
//   try_later  it is in use, or we may not
Result<std::unique_ptr<Disk>> open_disk(const std::string& path);

}  // namespace sluice
