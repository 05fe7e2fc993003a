// Machine: runs a Program.
#pragma once

#include "pipelines/expression/context.h"
#include "pipelines/expression/environment.h"
#include "pipelines/expression/program.h"

namespace sluice::cel {

// The value, or Kind::error. Allocates in the context's arena only, and nothing at all for a
// comparison of fields. Thread-safe.
Value run(const Program& program, const Bindings& bindings, Context& context);

}  // namespace sluice::cel
