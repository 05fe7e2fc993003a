// Tells systemd how the service is (sd_notify's protocol: one datagram to $NOTIFY_SOCKET). Nothing
// happens when the variable is not set.
#pragma once

#include <optional>
#include <string_view>

#include "core/clock.h"

namespace sluice {

// For example "READY=1\nSTATUS=2 sources, 1 sink".
void notify_systemd(std::string_view state);

// How often systemd wants to hear WATCHDOG=1; nothing when it does not.
std::optional<Duration> watchdog_interval();

}  // namespace sluice
