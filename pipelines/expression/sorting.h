// Sorting of lists, for sort() and sortBy().
#pragma once

#include <span>

#include "core/value.h"
#include "pipelines/expression/context.h"

namespace sluice::cel {

// The items in the order of their keys, equal ones as they were; keys[i] is that of items[i]. An
// error unless all keys have one order among them.
Value sorted_by(std::span<const Value> items, std::span<const Value> keys, Context& context);

}  // namespace sluice::cel
