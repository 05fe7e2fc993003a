// Named time zones, from the system's time-zone data base (/usr/share/zoneinfo).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::cel {

// Seconds east of UTC in "Europe/Berlin" at that many seconds after the epoch. Nothing: the data
// base has no such zone. Any thread.
std::optional<std::int64_t> named_zone_offset(std::string_view zone, std::int64_t seconds);

}  // namespace sluice::cel
