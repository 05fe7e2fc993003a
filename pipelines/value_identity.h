// Value identity: bytes that are the same for values that count as one: 2 and 2.0 are one value, 2
// and "2" are two. They are the store's form of the value, with whole doubles as ints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/value.h"

namespace sluice {

// Whether `value` has an identity: a string, bytes, a finite number, a bool, a timestamp, a
// duration, or a list of such and nulls.
bool has_identity(const Value& value);

// The same, of at most `max_bytes`.
bool has_identity(const Value& value, std::size_t max_bytes);

// Appends the bytes; `value` has an identity.
void append_identity(std::string& out, const Value& value);

// The same on every machine; each bit depends on all bytes.
std::uint64_t hash_identity(std::string_view bytes);

}  // namespace sluice
