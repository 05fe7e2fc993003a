// The screen of `sluice status`: one look, from the JSON that a gateway answered. At most 100
// columns, and 24 lines for two sources, three pipelines and two sinks, also when all of them fail.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

// Colours only when asked for. What others wrote (errors of peers, names) is shown without control
// characters.
//   bad_input  not what status_json wrote
Result<std::string> render_status(std::string_view json, bool with_colour);

// What GatewayStatus::is_red() said, from the JSON; true when it is not one.
bool json_is_red(std::string_view json);

}  // namespace sluice
