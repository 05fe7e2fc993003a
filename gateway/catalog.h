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
#include "gateway/named_files.h"

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
// Reads a step; a step of some types reads files that its options name. Nothing when an option is
// wrong (reported).
class ReadStep {
 public:
  using Plain = std::unique_ptr<Step> (*)(TableReader& reader, Diagnostics& diagnostics);
  using WithFiles = std::unique_ptr<Step> (*)(TableReader& reader, Diagnostics& diagnostics,
                                              NamedFiles& files);
  // NOLINTNEXTLINE(google-explicit-constructor): a line of the catalog names the function
  constexpr ReadStep(Plain read) : plain_(read) {}
  // NOLINTNEXTLINE(google-explicit-constructor): the same
  constexpr ReadStep(WithFiles read) : with_files_(read) {}

  std::unique_ptr<Step> operator()(TableReader& reader, Diagnostics& diagnostics,
                                   NamedFiles& files) const {
    return plain_ != nullptr ? plain_(reader, diagnostics)
                             : with_files_(reader, diagnostics, files);
  }

 private:
  Plain plain_ = nullptr;
  WithFiles with_files_ = nullptr;
};

// A step is known by the key that says what it does: { filter = "..." }.
struct StepType {
  std::string_view key;
  std::string_view summary;
  ComponentDescription (*describe)(std::string_view key, std::string_view summary);
  ReadStep read;
};

std::span<const SourceType> source_types();
std::span<const SinkType> sink_types();
std::span<const StepType> step_types();

// Everything that config/reference.md lists.
std::vector<ComponentDescription> describe_all();

}  // namespace sluice
