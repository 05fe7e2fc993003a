// How steps are written in TOML: from the tables of a file to the plain configurations of
// pipelines/.
#pragma once

#include <memory>

#include "config/described.h"
#include "config/diagnostics.h"
#include "config/table_reader.h"
#include "pipelines/step.h"

namespace sluice {

// Each reads one kind of step from its table. Nothing when an option is wrong (reported).
std::unique_ptr<Step> read_filter(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_map(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_route(TableReader& reader, Diagnostics& diagnostics);

ComponentDescription describe_filter(std::string_view key, std::string_view summary);
ComponentDescription describe_map(std::string_view key, std::string_view summary);
ComponentDescription describe_route(std::string_view key, std::string_view summary);

}  // namespace sluice
