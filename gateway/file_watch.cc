#include "gateway/file_watch.h"

#include <xxhash.h>

#include <fstream>
#include <string_view>
#include <system_error>

#include "gateway/named_files.h"

namespace sluice {
namespace {

std::uint64_t hash_of(std::string_view content) {
  return XXH3_64bits(content.data(), content.size());
}

// Of what NamedFiles would read; nothing when there is no such file.
std::optional<std::uint64_t> hash_of_file(const std::filesystem::path& path) {
  NamedFiles files = NamedFiles::on_disk({});
  const auto content = files.read(path.string());
  return content ? std::optional(hash_of(*content)) : std::nullopt;
}

}  // namespace

FileWatch::FileWatch(const std::filesystem::path& folder, const std::vector<EpochFile>& files) {
  for (const EpochFile& file : files)
    files_.push_back({folder / file.name, hash_of(file.content), std::nullopt, std::nullopt});
}

FileWatch::Stamp FileWatch::stamp_of(const std::filesystem::path& path) {
  std::error_code error;
  Stamp stamp;
  stamp.size = std::filesystem::file_size(path, error);
  if (error) return {};
  const auto written = std::filesystem::last_write_time(path, error);
  if (error) return {};
  stamp.is_there = true;
  stamp.written = static_cast<std::int64_t>(written.time_since_epoch().count());
  return stamp;
}

bool FileWatch::has_changed(Watched& file) {
  const Stamp now = stamp_of(file.path);
  const bool rests = file.seen == now;
  file.seen = now;
  if (!rests || file.read == now) return false;
  file.read = now;
  const auto content = hash_of_file(file.path);
  if (content == file.content) return false;
  file.content = content;
  return true;
}

bool FileWatch::look() {
  bool is_changed = false;
  for (Watched& file : files_) is_changed = has_changed(file) || is_changed;
  return is_changed;
}

}  // namespace sluice
