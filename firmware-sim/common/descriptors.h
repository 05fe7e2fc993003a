// File descriptors: a device is one, and the soft limit is often 1024.
#pragma once

#include <cstdint>

#include "core/result.h"

namespace sluice::sim {

// Raises this process's limit as far as needed.
//   bad_config  the system does not let us; the message says how many there may be and who sets it
Result<void> allow_descriptors(std::uint64_t wanted);

}  // namespace sluice::sim
