// JSON in: bytes -> Value, and the decoder of JSON messages.
//
// Every byte is validated, also of members that nobody reads: a payload that we pass on is JSON.
//
//   numbers         without fraction or exponent and within 64 bits signed: integer; any other:
//                   number (double). One that is too large for a double is refused.
//   duplicate keys  the last one counts, at the place of the first: what most receivers of the same
//                   bytes see (RFC 8259 section 4 leaves it open)
//   depth           at most max_json_depth lists and maps inside each other
//   strings         valid UTF-8, surrogates in pairs; U+0000 may stand in them
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"
#include "core/value.h"
#include "drivers/codecs/decoder.h"
#include "drivers/codecs/json_peek.h"

namespace sluice {

inline constexpr std::size_t max_json_depth = 64;

// Parses one JSON document; the Value lies wholly in `arena`. Any thread.
//   bad_input  the message says what is wrong and at which byte
Result<Value> parse_json(std::string_view text, Arena& arena);

// Checks only. The same errors.
Result<void> validate_json(std::string_view text);

struct JsonOptions {
  bool split_array = false;  // an event for each element of a top-level array
};

// One event per message; its payload is the message's bytes (of its element, when split). An empty
// array that is split makes no event.
class JsonDecoder final : public Decoder {
 public:
  explicit JsonDecoder(JsonOptions options = {}) : options_(options) {}

  Result<void> decode(const Message& message, bool needs_data, Arena& arena,
                      std::vector<Event>& out) override;
  Result<Value> parse(std::string_view payload, Arena& arena) override;
  // Not when arrays are split: their elements are found by reading all.
  bool prepare_peek(const std::vector<std::vector<std::string>>& paths) override;
  Result<void> peek(const Message& message, Arena& arena, std::vector<Event>& out) override;

 private:
  JsonOptions options_;
  std::optional<JsonPaths> paths_;
};

}  // namespace sluice
