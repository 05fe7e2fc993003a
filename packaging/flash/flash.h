// Flash: the whole way of an image onto a disk.
//
//   signature -> provisioning -> device -> checksums -> FAT partition -> ask     nothing is written
//   write -> read back -> configuration onto the FAT partition                   up to here
#pragma once

#include <atomic>
#include <string>

#include "core/result.h"
#include "packaging/flash/devices.h"
#include "packaging/flash/prepare.h"

namespace sluice {

inline constexpr const char* default_public_key = "/usr/share/sluice/sluice.pub";

struct FlashOptions {
  std::string image;
  std::string device;
  std::string public_key = default_public_key;
  bool is_unsigned = false;  // the signature is not looked at
  bool is_confirmed = false;
  PrepareOptions prepare;
  Machine machine;
};

// Prints what it does to stdout. `stop` ends it soon; the message says whether the device is whole.
Result<void> flash(const FlashOptions& options, const std::atomic<bool>& stop);

// A line for each removable disk; what to do when there is none.
std::string list_devices(const Machine& machine);

}  // namespace sluice
