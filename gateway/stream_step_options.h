// How the steps that join, merge and look up are written in TOML.
#pragma once

#include <memory>

#include "config/described.h"
#include "config/diagnostics.h"
#include "config/table_reader.h"
#include "gateway/named_files.h"
#include "pipelines/step.h"

namespace sluice {

// Each reads one kind of step from its table. Nothing when an option, or a file that it names, is
// wrong (reported).
std::unique_ptr<Step> read_enrich(TableReader& reader, Diagnostics& diagnostics, NamedFiles& files);
std::unique_ptr<Step> read_validate(TableReader& reader, Diagnostics& diagnostics,
                                    NamedFiles& files);
std::unique_ptr<Step> read_join(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_merge(TableReader& reader, Diagnostics& diagnostics);
std::unique_ptr<Step> read_view(TableReader& reader, Diagnostics& diagnostics);

ComponentDescription describe_enrich(std::string_view key, std::string_view summary);
ComponentDescription describe_validate(std::string_view key, std::string_view summary);
ComponentDescription describe_join(std::string_view key, std::string_view summary);
ComponentDescription describe_merge(std::string_view key, std::string_view summary);
ComponentDescription describe_view(std::string_view key, std::string_view summary);

}  // namespace sluice
