// The FAT partition as a folder: what it brings, and what is left there for people to read.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

class BootPartition {
 public:
  // `folder`: where it is mounted.
  explicit BootPartition(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Its text; nothing when there is no such file.
  //   bad_input  it is there and cannot be read
  Result<std::optional<std::string>> take(std::string_view name) const;
  std::filesystem::path path(std::string_view name) const { return folder_ / name; }

  // Overwrites its bytes in place, then removes it: a removed file alone leaves its text on the
  // medium. No file is ok.
  //   no_space  it could not be overwritten
  Result<void> erase(std::string_view name) const;

  Result<void> put(std::string_view name, std::string_view text) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace sluice
