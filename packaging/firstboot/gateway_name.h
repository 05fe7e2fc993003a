// The id of a box in its sluice.toml.
#pragma once

#include <string>

namespace sluice {

// The gateway.name that the text sets; empty: none, or it is no TOML.
std::string gateway_name(const std::string& configuration);

// The text with gateway.name = id added, in its [gateway] or at its end; all else stays as it is,
// with its comments. For a text that sets none.
std::string with_gateway_name(const std::string& configuration, const std::string& id);

}  // namespace sluice
