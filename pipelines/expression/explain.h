// Explain: what the compiler makes of an expression, for people: `sluice eval --explain`, and the
// place of an error that only an event showed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/event.h"
#include "pipelines/expression/expression.h"

namespace sluice {

// The parts with their types, then the compiled form. Of a text that compiles.
//
//   data.temperature > 22.0          bool
//     data.temperature               dyn
//     22.0                           double
//
//   0  path        r0 <- data . temperature
//   1  compare     r0 <- r0 > 22.0
std::string explain(std::string_view text, const ExpressionOptions& options = {});

// Where in `text` the smallest part begins whose own value on this event is an error. Of a text
// that compiles, and whose value on this event is one.
std::size_t find_error(std::string_view text, const Event& event,
                       const ExpressionOptions& options = {});

}  // namespace sluice
