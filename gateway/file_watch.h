// FileWatch: whether the files that a configuration names are still what was read.
//
//   look() every second or so:  a file's time or size differs -> rests until the next look
//                               -> its content differs too    -> changed
//
// A file that is being written is thus left alone until it rests. One that is gone has changed.
// Each change is told once. One thread, or under the caller's lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "storage/epochs.h"

namespace sluice {

class FileWatch {
 public:
  FileWatch() = default;  // watches nothing
  // `files` as they were read; relative names begin at `folder`.
  FileWatch(const std::filesystem::path& folder, const std::vector<EpochFile>& files);

  // True when a file is not what it was when this said so last, or was made.
  bool look();

 private:
  // What is cheap to see of a file.
  struct Stamp {
    bool is_there = false;
    std::int64_t written = 0;
    std::uintmax_t size = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Watched {
    std::filesystem::path path;
    std::optional<std::uint64_t> content;  // hash of what was told last; nothing: it was gone
    std::optional<Stamp> seen;             // at the last look
    std::optional<Stamp> read;             // when its content was looked at
  };

  static Stamp stamp_of(const std::filesystem::path& path);
  static bool has_changed(Watched& file);

  std::vector<Watched> files_;
};

}  // namespace sluice
