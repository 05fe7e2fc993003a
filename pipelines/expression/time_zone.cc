#include "pipelines/expression/time_zone.h"

#include <absl/time/time.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>

namespace sluice::cel {
namespace {

// The name becomes part of a file's path: nothing else than names of zones may pass.
bool is_zone_name(std::string_view zone) {
  const auto belongs = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !zone.empty() && zone.size() <= 64 && zone.front() != '/' &&
         std::ranges::all_of(zone, belongs);
}

// The loader remembers every name that it is asked for: ask only for what exists, so that names
// from an event's data cannot fill the memory.
bool exists(const std::string& zone) {
  static std::mutex mutex;
  static std::set<std::string> known;
  const std::scoped_lock lock(mutex);
  if (known.contains(zone)) return true;
  const char* folder = std::getenv("TZDIR");
  const std::filesystem::path root = folder != nullptr ? folder : "/usr/share/zoneinfo";
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(root / zone, ignored)) return false;
  known.insert(zone);
  return true;
}

}  // namespace

std::optional<std::int64_t> named_zone_offset(std::string_view zone, std::int64_t seconds) {
  const std::string name(zone);
  if (!is_zone_name(zone) || !exists(name)) return std::nullopt;
  absl::TimeZone loaded;
  if (!absl::LoadTimeZone(name, &loaded)) return std::nullopt;
  return loaded.At(absl::FromUnixSeconds(seconds)).offset;
}

}  // namespace sluice::cel
