// WindowKey: what a stateful step groups events by, from an event to bytes and back.
//
// A key is a string, an int, a double, a bool, a timestamp, a duration, null (the attribute is not
// set), or a list of such. 2 and 2.0 are one key. Its bytes are the store's form of the Value: they
// tell keys apart and give them an order that is the same on every machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"
#include "pipelines/expression/expression.h"

namespace sluice {

class WindowKey {
 public:
  static constexpr std::size_t max_bytes = 1024;

  // Nothing: there is one key for all events, of no bytes.
  explicit WindowKey(std::optional<Expression> expression) : expression_(std::move(expression)) {}

  // The bytes of this event's key; valid until the next call.
  //   bad_input  the expression failed, or gave what cannot be a key
  Result<std::string_view> read(const Event& event, Arena& arena);

  bool uses_data() const { return expression_ && expression_->uses_data(); }

 private:
  std::optional<Expression> expression_;  // constant after construction
  std::string bytes_;
};

// A key as the subject of an event, in `arena`: a string is itself, null and the one key of all
// events are empty, anything else is JSON.
std::string_view key_text(std::string_view key, Arena& arena);

}  // namespace sluice
