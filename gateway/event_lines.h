// Event lines: events that a person has in a file or a pipe, a JSON document a line.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"

namespace sluice {

// A CloudEvent in its JSON format (an object with `specversion`), or any other JSON, which is then
// the event's data. Texts lie in `arena` and in `line`.
//   bad_input  it is not JSON, or an attribute is not what CloudEvents says
Result<Event> read_event_line(std::string_view line, Arena& arena);

// The event that such an object says; `object` is a map.
//   bad_input  as above
Result<Event> event_from_cloudevent(const Value& object, Arena& arena);

}  // namespace sluice
