// Epochs: each configuration that was in force, with all it depended on. Recovery replays with the
// epoch's configuration, also when the file on disk has changed since.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "storage/frame.h"
#include "storage/store.h"

namespace sluice {

struct EpochFile {  // a file that the configuration names, but never a secret
  std::string name;
  std::string content;
  bool operator==(const EpochFile&) const = default;
};

struct Epoch {
  std::uint32_t number = 0;
  Timestamp began{};
  std::string file_name;      // for messages
  std::string configuration;  // the TOML text
  std::string program_version;
  std::string time_zone_version;
  std::vector<EpochFile> files;
};

void put_epoch(WriteBatch& batch, FrameCodec& codec, const Epoch& epoch);
Result<std::optional<Epoch>> last_epoch(const Store& store, FrameCodec& codec);
// Keeps the newest two.
Result<void> trim_epochs(const Store& store, WriteBatch& batch, std::uint32_t newest);

}  // namespace sluice
