// How the steps are written in TOML that go by the order of events or by their absence.
#pragma once

#include <memory>
#include <string_view>

#include "config/described.h"
#include "config/diagnostics.h"
#include "config/table_reader.h"
#include "pipelines/step.h"

namespace sluice {

// Each reads one kind of step from its table. Nothing when an option is wrong (reported).
std::unique_ptr<Step> read_absence(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_fill(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_sequence(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_sort(TableReader& reader, Diagnostics& diagnostics);

ComponentDescription describe_absence(std::string_view key, std::string_view summary);
ComponentDescription describe_fill(std::string_view key, std::string_view summary);
ComponentDescription describe_sequence(std::string_view key, std::string_view summary);
ComponentDescription describe_sort(std::string_view key, std::string_view summary);

}  // namespace sluice
