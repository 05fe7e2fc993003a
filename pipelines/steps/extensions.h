// The extensions of an event that a step makes out of others.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/event.h"

namespace sluice {

// Those of `event`, in `arena`: first without what speaks of its own making (causationid,
// splitindex, splitcount), then with `changes` set, then with correlationid = its id, when it has
// an id and no correlation yet.
std::span<const Attribute> extensions_of_result(const Event& event,
                                                std::initializer_list<Attribute> changes,
                                                Arena& arena);

}  // namespace sluice
