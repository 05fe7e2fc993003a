// How the detect step is written in TOML.
#pragma once

#include <memory>
#include <string_view>

#include "config/described.h"
#include "config/diagnostics.h"
#include "config/table_reader.h"
#include "pipelines/step.h"

namespace sluice {

// Nothing when an option is wrong (reported).
std::unique_ptr<Step> read_detect(TableReader& reader, Diagnostics& diagnostics);

ComponentDescription describe_detect(std::string_view key, std::string_view summary);

}  // namespace sluice
