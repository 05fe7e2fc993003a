// Message: bytes as a source received them, with what is needed to acknowledge them later.
//
// Sources fill a MessageBatch and offer it to the Intake, the only thing between source threads and
// the engine. Receipts of one source only grow; the engine settles them in order after the commit.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "core/event.h"

namespace sluice {

enum class Receipt : std::uint64_t {};  // 1, 2, 3 ... within one source and one run of the process

// A change to a source's own durable memory (an MQTT session, for instance). It is committed in the
// same transaction as the message that carries it. Keys are at most 200 bytes.
struct StateChange {
  std::string_view key;  // empty: no change
  std::string_view value;
  bool erase = false;
};

// How the engine recognises a repeat of a message that it has committed already.
enum class Repeat : std::uint8_t {
  never,     // every message is new (QoS 0, QoS 1 without DUP: remembered, but never dropped)
  possible,  // the sender says it may be a repeat (MQTT DUP=1); dropped when all of sender, number,
             // topic and payload are the same and the event brings its own time, sequence or id
  proven,    // same sender, number, sender_key and payload within 247 s is the same message (CoAP)
};

struct Message {
  Receipt receipt{};
  // A control message has no event: it only carries `state` and waits for its commit (PUBREL,
  // a session's start or end).
  bool is_control = false;
  Repeat repeat = Repeat::never;
  std::uint8_t qos = 0;
  std::uint16_t number = 0;       // MQTT packet id or CoAP message id; 0: none
  std::string_view sender;        // client id or peer address
  std::string_view sender_key;    // what the sender calls this message (CoAP token); may be empty
  std::string_view topic;         // MQTT topic, or CoAP path without the leading '/'
  std::string_view content_type;  // media type; empty: not said
  std::string_view payload;
  std::span<const Property> user_properties;
  std::span<const Property> headers;
  Timestamp received{};
  StateChange state;
};

// Messages with the bytes that their texts point into. Filled by one thread, then handed over.
class MessageBatch {
 public:
  Arena& arena() { return arena_; }
  // Copies all texts into the batch.
  void add(const Message& message);
  // Adds as it is: its texts lie in arena() already.
  void add_lent(const Message& message);

  std::span<const Message> messages() const { return messages_; }
  std::size_t bytes() const { return bytes_; }  // payload and texts, for bounds
  bool empty() const { return messages_.empty(); }
  void clear();

 private:
  Arena arena_{8 * 1024};
  std::vector<Message> messages_;
  std::size_t bytes_ = 0;
};

// The bounded queue into the engine. Any thread may call.
class Intake {
 public:
  virtual ~Intake() = default;
  // Hands the batch over (it is empty afterwards, with recycled memory) and wakes the engine.
  // Always takes it: a source asks has_room() before it reads more from its devices, so the queue
  // exceeds its bound by at most what was in flight.
  virtual void offer(MessageBatch& batch) = 0;
  // False while the source should read no further; Source::resume() is called when there is room.
  virtual bool has_room() const = 0;
};

}  // namespace sluice
