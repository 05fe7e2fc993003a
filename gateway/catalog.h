// Catalog: the one list of all components. A new protocol is one line here; a new step is one line.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "config/described.h"
#include "config/table_reader.h"
#include "gateway/configuration.h"

namespace sluice {

// Reads the type's own options from the table; the reader then knows their names. Nothing when one
// is wrong (reported).
struct SourceType {
  std::string_view type;
  std::string_view summary;
  ComponentDescription (*describe)(std::string_view type, std::string_view summary);
  std::optional<MakeSource> (*read)(TableReader& reader, Diagnostics& diagnostics);
};
struct SinkType {
  std::string_view type;
  std::string_view summary;
  ComponentDescription (*describe)(std::string_view type, std::string_view summary);
  std::optional<MakeSink> (*read)(TableReader& reader, Diagnostics& diagnostics);
};
// A step is known by the key that says what it does: { filter = "..." }.
struct StepType {
  std::string_view key;
  std::string_view summary;
  ComponentDescription (*describe)(std::string_view key, std::string_view summary);
  // Nothing when an option is wrong (reported).
  std::unique_ptr<Step> (*read)(TableReader& reader, Diagnostics& diagnostics);
};

std::span<const SourceType> source_types();
std::span<const SinkType> sink_types();
std::span<const StepType> step_types();

// Everything that config/reference.md lists.
std::vector<ComponentDescription> describe_all();

}  // namespace sluice
