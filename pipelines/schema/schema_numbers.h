// Numbers as JSON Schema sees them.
#pragma once

#include "core/value.h"

namespace sluice {

// NaN or infinite: JSON has no such number and writes null.
bool is_no_json_number(const Value& value);

// The one form of numbers that are worth the same: an integer if it is whole and fits.
Value whole_if_possible(const Value& value);

// `unit` is more than 0.
bool is_multiple(const Value& value, const Value& unit);

}  // namespace sluice
