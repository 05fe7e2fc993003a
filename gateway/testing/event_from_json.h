// An event again, of the JSON that upstream gets, so that a test's expressions can look at it.
#pragma once

#include "core/arena.h"
#include "core/event.h"
#include "core/value.h"

namespace sluice {

// `attributes` is a map. Texts and data are lent from it; what is missing stays unset.
Event event_from_json(const Value& attributes, Arena& arena);

}  // namespace sluice
