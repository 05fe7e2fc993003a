// TOML values as JSON: what a test writes down is compared with, or sent as, JSON.
//
//   { at = 2026-01-01T00:00:00Z, t = 21.50 }  -->  {"at":"2026-01-01T00:00:00Z","t":21.5}
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "config/diagnostics.h"
#include "config/node.h"

namespace sluice {

// Appends the value. A date with time and offset becomes its RFC 3339 text in UTC; other dates and
// times stay as they are written. inf and nan have no JSON: reported, and null is appended.
void append_toml_as_json(std::string& out, const Node& node, Diagnostics& diagnostics);

// The table without some of its keys.
std::string table_as_json(const Node& table, std::span<const std::string_view> without,
                          Diagnostics& diagnostics);

}  // namespace sluice
