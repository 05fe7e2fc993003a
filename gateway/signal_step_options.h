// How the steps of pipelines/steps/ are written in TOML.
#pragma once

#include <memory>

#include "config/described.h"
#include "config/diagnostics.h"
#include "config/table_reader.h"
#include "pipelines/step.h"

namespace sluice {

// Each reads one kind of step from its table. Nothing when an option is wrong (reported).
std::unique_ptr<Step> read_changed(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_deadband(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_debounce(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_dedupe(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_sample(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_split(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_swinging_door(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_throttle(TableReader& reader, Diagnostics& diagnostics);

ComponentDescription describe_changed(std::string_view key, std::string_view summary);
ComponentDescription describe_deadband(std::string_view key, std::string_view summary);
ComponentDescription describe_debounce(std::string_view key, std::string_view summary);
ComponentDescription describe_dedupe(std::string_view key, std::string_view summary);
ComponentDescription describe_sample(std::string_view key, std::string_view summary);
ComponentDescription describe_split(std::string_view key, std::string_view summary);
ComponentDescription describe_swinging_door(std::string_view key, std::string_view summary);
ComponentDescription describe_throttle(std::string_view key, std::string_view summary);

}  // namespace sluice
