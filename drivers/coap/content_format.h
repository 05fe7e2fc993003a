// CoAP Content-Formats that a source takes (IANA "CoAP Content-Formats").
#pragma once

#include <optional>
#include <string_view>

namespace sluice {

// The media type of a number; nullopt: not taken (4.15).
std::optional<std::string_view> media_type_of(unsigned content_format);

// Those numbers as the `ct` attribute of CoRE link format has them: "0 42 50 60 110 112".
extern const std::string_view content_formats_taken;

}  // namespace sluice
