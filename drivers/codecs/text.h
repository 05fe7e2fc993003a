// Plain text in: `22.5` is a number, anything else is a string.
#pragma once

#include "drivers/codecs/decoder.h"

namespace sluice {

// One event per message, text/plain. The payload is a number when all of it, apart from white space
// around it, is a JSON number (integers that fit 64 bits stay integers); otherwise `data` is the
// payload as a string, white space included.
//   bad_input  the payload is not UTF-8
class TextDecoder final : public Decoder {
 public:
  Result<void> decode(const Message& message, bool needs_data, Arena& arena,
                      std::vector<Event>& out) override;
  Result<Value> parse(std::string_view payload, Arena& arena) override;
};

}  // namespace sluice
