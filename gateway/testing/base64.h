// Base64 in (RFC 4648 section 4): payloads of bytes that a test writes down.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace sluice {

// The bytes of `text`; white space is passed over, padding is needed.
//   bad_input  it is not base64; the message says why
Result<std::string> decode_base64(std::string_view text);

}  // namespace sluice
