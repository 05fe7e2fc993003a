#include "drivers/coap/path_pattern.h"

namespace sluice {
namespace {

// Takes the first segment off `path`; `path` is {} with a null data() after the last.
std::string_view take_segment(std::string_view& path) {
  const std::size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return segment;
}

bool at_end(std::string_view path) { return path.data() == nullptr; }

}  // namespace

bool is_path_pattern(std::string_view pattern) {
  if (pattern.empty() || pattern.front() == '/') return false;
  while (!at_end(pattern)) {
    const std::string_view segment = take_segment(pattern);
    if (segment == "#") return at_end(pattern);
    if (segment != "+" && segment.find_first_of("+#") != std::string_view::npos) return false;
  }
  return true;
}

bool matches_path(std::string_view pattern, std::string_view path) {
  if (at_end(path)) path = "";
  while (!at_end(pattern)) {
    const std::string_view wanted = take_segment(pattern);
    if (wanted == "#") return true;
    if (at_end(path)) return false;
    const std::string_view segment = take_segment(path);
    if (wanted != "+" && wanted != segment) return false;
  }
  return at_end(path);
}

}  // namespace sluice
