// A configuration that names a part which is not installed.
#pragma once

#include "config/diagnostics.h"
#include "config/table.h"

namespace sluice {

// Warns at `table`. It is no error: the gateway starts, keeps the events, and tries again.
void warn_if_missing(const char* module, const RawTable& table, Diagnostics& diagnostics);

}  // namespace sluice
