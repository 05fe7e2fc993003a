// Values as text for people: what string() and format()'s %s give.
#pragma once

#include <string>
#include <string_view>

#include "core/value.h"
#include "pipelines/expression/context.h"

namespace sluice::cel {

// Texts without quotes, [a, b], {key: value} by the text of the keys, durations in seconds.
// Returns why when the value, or one inside of it, has no text; `out` is of no use then. Empty: ok.
std::string_view append_plain(std::string& out, const Value& value, Context& context);

}  // namespace sluice::cel
