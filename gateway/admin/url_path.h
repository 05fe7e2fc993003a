// Any text as a part of a URL's path (RFC 3986 section 2.1), and back.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

std::string percent_encoded(std::string_view text);
// What is no %XX stands for itself.
std::string percent_decoded(std::string_view path);

}  // namespace sluice
