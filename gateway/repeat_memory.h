// RepeatMemory: recognises a message that the engine has committed already.
//
// A sender that missed our answer sends again. Per sender the last fingerprints are kept, bounded
// in number and in engine time (RFC 7252 EXCHANGE_LIFETIME, 247 s). A fold over the stored events,
// whose tail a trim spares for it (RecentTail), so it survives a crash. Engine thread only.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/event.h"

namespace sluice {

struct RepeatBounds {
  std::size_t per_sender = 1024;   // not less than what a sender may have in flight
  std::size_t senders = 20'000;    // beyond: the sender that was silent for longest is forgotten
  std::size_t total = 256 * 1024;  // of all senders; beyond: the same
  Duration max_age = std::chrono::seconds(247);
};

class RepeatMemory {
 public:
  explicit RepeatMemory(RepeatBounds bounds = {}) : bounds_(bounds) {}

  // Remembers a committed message of this sender.
  void remember(std::string_view source, std::string_view sender, std::uint64_t fingerprint,
                EngineTime now);
  // True when it was remembered, and not too long ago.
  bool knows(std::string_view source, std::string_view sender, std::uint64_t fingerprint,
             EngineTime now) const;

  std::size_t senders() const { return senders_.size(); }

 private:
  struct Seen {
    std::uint64_t fingerprint;
    EngineTime at;
  };
  struct Sender {
    std::vector<Seen> seen;  // oldest first
    std::list<std::string>::iterator place;
  };
  void make_room(std::vector<Seen>& seen, EngineTime now);
  void forget_longest_silent();
  static void make_key(std::string& key, std::string_view source, std::string_view sender);

  const RepeatBounds bounds_;
  // Only looked up by key, never iterated: no order of it reaches an output.
  std::unordered_map<std::string, Sender> senders_;
  std::list<std::string> by_last_use_;  // longest silent first
  std::size_t total_ = 0;               // fingerprints of all senders
  mutable std::string key_;             // scratch
};

// Same bytes from the same sender under the same number: the same message.
std::uint64_t message_fingerprint(std::uint16_t number, std::string_view sender_key,
                                  std::string_view topic, std::string_view payload);
// The sender's own id of an event.
std::uint64_t id_fingerprint(std::string_view id);

}  // namespace sluice
