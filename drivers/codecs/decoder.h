// Decoder: bytes of a message -> events. One per format (json, senml, text ...).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"
#include "drivers/message.h"

namespace sluice {

class Decoder {
 public:
  virtual ~Decoder() = default;

  // Appends the events of one message to `out`. Sets only what the payload says: data, payload and
  // has_payload, datacontenttype, and (SenML) subject and time; the engine fills in the rest.
  // All texts lie in `arena` or in the message, which both outlive the events.
  // With `needs_data` false no expression looks at `data`: it may stay null for an event that keeps
  // its payload, but the payload is validated completely all the same.
  //   bad_input  nothing was appended; the message says why and where: it becomes a dead letter
  virtual Result<void> decode(const Message& message, bool needs_data, Arena& arena,
                              std::vector<Event>& out) = 0;

  // Says what of `data` peek() is to read: what lies at `paths`, the keys from the root on. False:
  // this decoder always reads all.
  virtual bool prepare_peek(const std::vector<std::vector<std::string>>& paths) {
    (void)paths;
    return false;
  }
  // Like decode(), with a partial event (DataState): validates no more than it meets. After
  // prepare_peek() was true.
  virtual Result<void> peek(const Message& message, Arena& arena, std::vector<Event>& out) {
    return decode(message, true, arena, out);
  }

  // True when the payload says when its events happened.
  virtual bool brings_time() const { return false; }

  // The `data` of an event's payload again, when a block is read back from the journal.
  virtual Result<Value> parse(std::string_view payload, Arena& arena) = 0;
};

}  // namespace sluice
