#include "drivers/mqtt/text.h"

#include <cstdint>
#include <cstring>

namespace sluice::mqtt {
namespace {

// One code point; `at` moves past it. False: not UTF-8, or a code point that a text must not have.
bool take_code_point(std::string_view text, std::size_t& at) {
  const auto unit = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = unit(at);
  if (first < 0x80) {
    ++at;
    return first >= 0x20 && first != 0x7F;
  }
  std::size_t length = 0;
  std::uint32_t code = 0;
  std::uint32_t smallest = 0;
  if ((first & 0xE0) == 0xC0) {
    length = 2, code = first & 0x1F, smallest = 0x80;
  } else if ((first & 0xF0) == 0xE0) {
    length = 3, code = first & 0x0F, smallest = 0x800;
  } else if ((first & 0xF8) == 0xF0) {
    length = 4, code = first & 0x07, smallest = 0x10000;
  } else {
    return false;
  }
  if (text.size() - at < length) return false;
  for (std::size_t i = 1; i < length; ++i) {
    if ((unit(at + i) & 0xC0) != 0x80) return false;
    code = code << 6 | (unit(at + i) & 0x3F);
  }
  at += length;
  if (code < smallest || code > 0x10FFFF) return false;
  const bool is_control = code <= 0x9F;
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool is_no_character = (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
  return !is_control && !is_surrogate && !is_no_character;
}

// True when all eight bytes are printable ASCII: by far the usual case.
bool is_plain(const char* eight) {
  constexpr std::uint64_t high = 0x8080808080808080;
  constexpr std::uint64_t ones = 0x0101010101010101;
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof(word));
  const std::uint64_t is_del = (word ^ ones * 0x7F) - ones;
  return ((word | (word - ones * 0x20) | is_del) & high) == 0;
}

}  // namespace

bool is_text(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8 && is_plain(text.data() + at)) {
      at += 8;
    } else if (!take_code_point(text, at)) {
      return false;
    }
  }
  return true;
}

std::size_t topic_levels(std::string_view topic) {
  if (topic.empty()) return 0;
  std::size_t levels = 1;
  for (const char c : topic) {
    if (c == '+' || c == '#') return 0;
    if (c == '/') ++levels;
  }
  return levels;
}

bool is_shared_filter(std::string_view filter) { return filter.starts_with("$share/"); }

bool is_topic_filter(std::string_view filter) {
  if (is_shared_filter(filter)) {
    filter.remove_prefix(std::string_view("$share/").size());
    const std::size_t slash = filter.find('/');
    if (slash == std::string_view::npos || slash == 0) return false;
    if (filter.substr(0, slash).find_first_of("+#") != std::string_view::npos) return false;
    filter.remove_prefix(slash + 1);
  }
  if (filter.empty()) return false;
  for (std::size_t i = 0; i < filter.size(); ++i) {
    if (filter[i] != '+' && filter[i] != '#') continue;
    const bool starts_level = i == 0 || filter[i - 1] == '/';
    const bool is_last = i + 1 == filter.size();
    if (!starts_level) return false;
    if (filter[i] == '#' ? !is_last : !(is_last || filter[i + 1] == '/')) return false;
  }
  return true;
}

bool is_server_topic(std::string_view topic) {
  if (topic.empty() || topic.front() != '$') return false;
  if (topic.starts_with("$CONTROL/")) return true;
  if (!topic.starts_with("$SYS/")) return false;
  constexpr std::string_view bridge = "$SYS/broker/connection/";
  constexpr std::string_view state = "/state";
  if (!topic.starts_with(bridge) || !topic.ends_with(state)) return true;
  if (topic.size() <= bridge.size() + state.size()) return true;
  const std::string_view name =
      topic.substr(bridge.size(), topic.size() - bridge.size() - state.size());
  return name.find('/') != std::string_view::npos;
}

}  // namespace sluice::mqtt
