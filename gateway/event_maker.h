// EventMaker: message -> events, with the attributes that the configuration maps.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/event.h"
#include "core/result.h"
#include "drivers/codecs/decoder.h"
#include "drivers/message.h"
#include "gateway/peek_choice.h"
#include "pipelines/expression/expression.h"

namespace sluice {

// `event = { ... }` of a source.
struct EventMapping {
  std::optional<Expression> id;
  std::optional<Expression> type;
  std::optional<Expression> subject;
  std::optional<Expression> time;
};

struct EventMakerSetup {
  std::string source_name;
  std::uint16_t source_index = 0;
  std::string gateway;
  std::string store_id;
  std::unique_ptr<Decoder> decoder;
  EventMapping mapping;
  bool needs_data = false;  // a step looks at `data`
  // What the gates look at that stand before all else (Graph::gate_paths): no more needs to be read
  // of an event at first.
  std::optional<DataPaths> gate_paths;
};

class EventMaker {
 public:
  explicit EventMaker(EventMakerSetup setup);

  // Appends the events of one message; texts lie in `arena` or in the message. Each gets the next
  // value of `sequence`.
  //   bad_input  nothing was appended: the message becomes a dead letter
  Result<void> make(const Message& message, Arena& arena, std::uint64_t& sequence,
                    std::vector<Event>& out);

  // The message as an event without meaning, for a dead letter.
  Event make_undecoded(const Message& message, Arena& arena, std::uint64_t& sequence) const;

  // Reads `data` of an event that came back from the journal.
  Result<void> restore_data(Event& event, Arena& arena);

  // Reads `data` of a stored event whatever this epoch's expressions look at.
  //   bad_input  the payload is not what the decoder reads
  Result<void> read_data(Event& event, Arena& arena);

  // Reads the rest of a partial event, for the graph.
  //   bad_input  the payload is not what the decoder reads
  Result<void> complete(Event& event, Arena& arena);

  // True when an event of this source brings its own time or id, so that two messages with the same
  // bytes are the same message.
  bool has_own_identity() const { return has_own_identity_; }
  const std::string& source_name() const { return setup_.source_name; }

 private:
  Result<void> decode(const Message& message, Arena& arena, std::vector<Event>& out);
  void describe(const Message& message, std::string_view source, Event& event) const;
  Result<void> apply_mapping(Event& event, Arena& arena) const;

  EventMakerSetup setup_;
  bool has_own_identity_;
  bool needs_data_;
  bool can_peek_ = false;
  PeekChoice peek_choice_;
};

}  // namespace sluice
