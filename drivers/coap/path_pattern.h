// Which paths a source takes, written like MQTT topic filters: '+' is one segment, '#' at the end
// is all that follows, and also nothing ("plant/#" takes "plant").
#pragma once

#include <string_view>

namespace sluice {

bool is_path_pattern(std::string_view pattern);

// `path` has no leading '/'. The pattern must be one.
bool matches_path(std::string_view pattern, std::string_view path);

}  // namespace sluice
