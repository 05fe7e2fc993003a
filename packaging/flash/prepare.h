// Prepare: the files that tell a box who it is, made from what the command line names and checked
// as the box will check them.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "packaging/flash/fat_files.h"

namespace sluice {

struct PrepareOptions {
  std::string configuration;      // sluice.toml; empty: the image's own
  std::string provisioning_file;  // or made of the following
  std::string id;
  std::string hostname;
  std::string wifi_ssid;
  std::string wifi_psk_file;  // "-": stdin; empty: asked for
  std::string wifi_country;
  std::vector<std::string> secrets;  // NAME=FILE

  bool is_empty() const;
};

// Errors with their place in the file are printed to stderr.
//   bad_config  a file is wrong, or cannot be read
Result<std::vector<FatFile>> prepare_files(const PrepareOptions& options);

}  // namespace sluice
