// Media types: what a content type says about how a payload is written.
#pragma once

#include <string_view>

namespace sluice {

// True for JSON: the subtype is "json" or ends in "+json", under application or text, with any
// parameters, in any case (CloudEvents JSON format 1.0, section 3.1).
bool is_json_media_type(std::string_view content_type);

// True for text/*: people may read it as it is, if it is UTF-8.
bool is_text_media_type(std::string_view content_type);

}  // namespace sluice
