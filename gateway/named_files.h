// NamedFiles: the files that a configuration names (tables, schemas), each read once.
//
//   on_disk(folder) --read("devices.csv")--> content      a configuration that is to be in force
//   stored(files)   --read("devices.csv")--> content      one that was: as its epoch kept them
//
// What was read is part of the configuration, and is stored with its epoch: a replay sees the files
// as they were, whatever lies on the disk by then.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "storage/epochs.h"

namespace sluice {

class NamedFiles {
 public:
  static constexpr std::size_t max_file_bytes = std::size_t{4} << 20;
  static constexpr std::size_t max_bytes = std::size_t{16} << 20;  // of all files

  // Relative names begin at `folder`.
  static NamedFiles on_disk(std::filesystem::path folder);
  // Those beside the configuration file of this name.
  static NamedFiles beside(const std::string& configuration_file);
  static NamedFiles stored(const std::vector<EpochFile>& files);

  // The content of a file, which lives as long as this.
  //   bad_config  it cannot be read, or is too large: why, and what would help
  Result<std::string_view> read(const std::string& name);

  // All that were read, in the order of their names.
  std::vector<EpochFile> files() const;

 private:
  explicit NamedFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}
  Result<std::string> load(const std::string& name) const;

  const std::filesystem::path folder_;
  bool is_stored_ = false;
  std::map<std::string, std::string> stored_;
  std::map<std::string, std::string> read_;
  std::size_t read_bytes_ = 0;
};

}  // namespace sluice
