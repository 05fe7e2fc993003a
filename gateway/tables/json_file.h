// JSON in a file that a configuration names: errors with the line.
#pragma once

#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/result.h"
#include "core/value.h"

namespace sluice {

// The document, wholly in `arena`.
//   bad_config  "devices.json:7: not JSON: ..."
Result<Value> parse_json_file(const std::string& name, std::string_view content, Arena& arena);

}  // namespace sluice
