#include "drivers/codecs/media_type.h"

#include <algorithm>

namespace sluice {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

struct MediaType {
  std::string_view type;
  std::string_view subtype;
};

MediaType split(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t')) {
    content_type.remove_suffix(1);
  }
  const std::size_t slash = content_type.find('/');
  if (slash == std::string_view::npos) return {};
  return {content_type.substr(0, slash), content_type.substr(slash + 1)};
}

}  // namespace

bool is_json_media_type(std::string_view content_type) {
  constexpr std::string_view suffix = "+json";
  const MediaType media = split(content_type);
  if (!equals(media.type, "application") && !equals(media.type, "text")) return false;
  if (equals(media.subtype, "json")) return true;
  return media.subtype.size() > suffix.size() &&
         equals(media.subtype.substr(media.subtype.size() - suffix.size()), suffix);
}

bool is_text_media_type(std::string_view content_type) {
  return equals(split(content_type).type, "text");
}

}  // namespace sluice
