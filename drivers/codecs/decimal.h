// Decimal seconds to nanoseconds and back, without the error of binary fractions.
//
// 1276020076.001 as a double is off by a quarter of a microsecond; its shortest decimal form is
// what the sender wrote. Going through that form keeps times exact when they are added.
#pragma once

#include <cstdint>
#include <optional>

#include "core/value.h"

namespace sluice {

// An integer or a number of seconds; rounded half away from zero at one nanosecond. nullopt: any
// other kind, not finite, or beyond 64 bits of nanoseconds (292 years).
std::optional<std::int64_t> to_nanoseconds(const Value& seconds);

// The double nearest to the decimal; an integer when that has no fraction.
Value to_seconds(std::int64_t nanoseconds);

}  // namespace sluice
