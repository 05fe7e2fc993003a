// CBOR in (RFC 8949): bytes -> Value, and the decoder of CBOR messages.
//
//   integers        64 bits signed: integer; wider, also as bignum: number
//   floats          number (half, single and double); NaN and infinities are kept
//   tag 4           decimal fraction: integer if it is one and fits, else number
//   other tags      their content
//   undefined       null
//   map keys        text or integers; a repeated key is an error (section 5.6)
//
// Definite and indefinite lengths are both taken; nesting is bounded as in JSON.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/result.h"
#include "core/value.h"
#include "drivers/codecs/decoder.h"

namespace sluice {

// Reads exactly one item. Texts and bytes are lent from `bytes`, unless they came in chunks.
//   bad_input  the message says what is wrong and at which byte
Result<Value> parse_cbor(std::string_view bytes, Arena& arena);

// One event per message, application/cbor, which keeps its payload.
class CborDecoder final : public Decoder {
 public:
  Result<void> decode(const Message& message, bool needs_data, Arena& arena,
                      std::vector<Event>& out) override;
  Result<Value> parse(std::string_view payload, Arena& arena) override;
};

}  // namespace sluice
