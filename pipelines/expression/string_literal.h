// String and bytes literals of CEL as they are written: prefixes, quotes and escapes.
// Rules: langdef.md, "String and Bytes Values".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/value.h"

namespace sluice::cel {

struct StringLiteral {
  std::size_t size = 0;          // bytes of the literal in the source, prefix and quotes included
  Value value;                   // string or bytes; its text lies in the arena
  std::string error;             // empty when all is well
  std::size_t error_offset = 0;  // from the start of the literal
};

// True when a string or bytes literal starts here: a quote, or one of r R b B rb br ... before one.
bool starts_string_literal(std::string_view source);

// Reads the literal at the front of `source`, for which starts_string_literal() is true.
StringLiteral read_string_literal(std::string_view source, Arena& arena);

}  // namespace sluice::cel
